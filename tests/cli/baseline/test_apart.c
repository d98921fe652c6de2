/* SPDX-License-Identifier: MIT */
/* What distinguishes stacks, beside its definition: each of some hundred random
 * ones against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apart.h"

#define STACKS 300
#define DEPTH  7 /* so that chains are shown as a whole */

static const char *const functions[] = { "f", "g", "h" };

struct scene {
	struct issue_frame frames[STACKS][DEPTH];
	struct issue_stack stacks[STACKS];
	struct apart_stack list[STACKS];
	struct apart result[STACKS];
};

static uint32_t roll(uint32_t *seed, uint32_t most)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % most;
}

static void make_scene(struct scene *s, uint32_t seed)
{
	for (size_t i = 0; i < STACKS; i++) {
		s->stacks[i].frames = s->frames[i];
		s->stacks[i].count = 1 + roll(&seed, DEPTH);
		for (size_t n = 0; n < DEPTH; n++)
			s->frames[i][n] = (struct issue_frame){
				.function = (char *)(uintptr_t)
				    functions[roll(&seed, 3)],
				.line = roll(&seed, 8) ? 0 : 1,
			};
		s->list[i] = (struct apart_stack){ &s->stacks[i],
						   roll(&seed, DEPTH) / 2 };
	}
}

static bool is_same(const struct issue_frame *a, const struct issue_frame *b)
{
	return !strcmp(a->function, b->function) && a->line == b->line;
}

/* The definition: the innermost frame of `i` in which it differs from `k`. */
static bool differs(const struct scene *s, size_t i, size_t k, size_t *at)
{
	const struct issue_stack *a = &s->stacks[i], *b = &s->stacks[k];
	size_t n = 0;

	while (n < a->count && n < b->count &&
	       is_same(&a->frames[n], &b->frames[n]))
		n++;
	if (n == a->count && n == b->count)
		return false;
	*at = n == a->count ? n - 1 : n;
	return true;
}

static void expect(const struct scene *s, size_t i, char *chain)
{
	const struct apart_stack *one = &s->list[i];
	size_t from = one->place, to = one->place, at;
	bool any = false;

	for (size_t k = 0; k < STACKS; k++) {
		const struct apart_stack *other = &s->list[k];

		if (k == i || one->place >= one->stack->count ||
		    other->place >= other->stack->count ||
		    !is_same(&one->stack->frames[one->place],
			     &other->stack->frames[other->place]) ||
		    !differs(s, i, k, &at))
			continue;
		any = true;
		from = at < from ? at : from;
		to = at > to ? at : to;
	}
	*chain = '\0';
	for (size_t n = from; any && n <= to; n++) {
		if (n > from)
			strcat(chain, ", called by ");
		strcat(chain, one->stack->frames[n].function);
	}
}

static void all_are_as_each_pair_says(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	char chain[256];
	size_t told = 0;

	(void)state;
	assert_non_null(s);
	for (uint32_t seed = 0; seed < 50; seed++) {
		make_scene(s, seed);
		apart_make(s->list, STACKS, NULL, s->result);
		for (size_t i = 0; i < STACKS; i++) {
			const struct apart *a = &s->result[i];

			expect(s, i, chain);
			assert_string_equal(a->chain ? a->chain : "", chain);
			assert_int_equal(a->site, s->list[i].place);
			assert_null(a->path);
			told += a->chain != NULL;
			apart_release(&s->result[i]);
		}
	}
	assert_true(told > 5000);
	free(s);
}

static void one_stack_and_none_have_nothing_beside_them(void **state)
{
	struct issue_frame frame = { .function = (char *)(uintptr_t) "f" };
	struct issue_stack stack = { .frames = &frame, .count = 1 };
	const struct apart_stack list[] = { { &stack, 0 }, { &stack, 0 } };
	struct apart result[2];

	(void)state;
	apart_make(list, 0, NULL, result);
	apart_make(list, 1, NULL, result);
	assert_null(result[0].chain);
	apart_make(list, 2, NULL, result); /* equal ones */
	assert_null(result[0].chain);
	assert_null(result[1].chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_as_each_pair_says),
		cmocka_unit_test(one_stack_and_none_have_nothing_beside_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
