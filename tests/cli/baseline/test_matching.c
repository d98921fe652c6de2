/* SPDX-License-Identifier: MIT */
/* Pairs against all that there can be, on small random graphs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "matching.h"

#define SIDE   6
#define ROUNDS 3000

static uint32_t seed = 1;

static unsigned roll(unsigned most)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % most;
}

struct graph {
	size_t lefts, rights, count;
	struct matching_edge edges[SIDE * SIDE];
};

static void make(struct graph *g)
{
	g->lefts = 1 + roll(SIDE);
	g->rights = 1 + roll(SIDE);
	g->count = 0;
	for (size_t i = 0; i < g->lefts; i++)
		for (size_t k = 0; k < g->rights; k++)
			if (roll(2))
				g->edges[g->count++] =
				    (struct matching_edge){ i, k, roll(10) };
}

struct best {
	size_t pairs;
	unsigned cost;
};

static bool is_better(struct best a, struct best b)
{
	return a.pairs != b.pairs ? a.pairs > b.pairs : a.cost < b.cost;
}

/* All ways from edge `at` on, with those sides taken. */
static struct best try_all(const struct graph *g, size_t at, unsigned lefts,
			   unsigned rights, struct best so_far)
{
	const struct matching_edge *e = &g->edges[at];
	struct best without, with;

	if (at == g->count)
		return so_far;
	without = try_all(g, at + 1, lefts, rights, so_far);
	if (lefts & 1u << e->left || rights & 1u << e->right)
		return without;
	so_far.pairs++;
	so_far.cost += e->cost;
	with = try_all(g, at + 1, lefts | 1u << e->left,
		       rights | 1u << e->right, so_far);
	return is_better(with, without) ? with : without;
}

static unsigned cost_of(const struct graph *g, size_t left, size_t right)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->edges[i].left == left && g->edges[i].right == right)
			return g->edges[i].cost;
	fail_msg("%zu and %zu are no pair", left, right);
	return 0;
}

static void pairs_are_as_many_and_as_near_as_can_be(void **state)
{
	(void)state;
	for (int n = 0; n < ROUNDS; n++) {
		struct best best, made = { 0 };
		size_t right_of[SIDE];
		unsigned taken = 0;
		struct graph g;

		make(&g);
		best = try_all(&g, 0, 0, 0, (struct best){ 0 });
		matching_make(right_of, g.lefts, g.rights, g.edges, g.count);
		for (size_t i = 0; i < g.lefts; i++) {
			if (right_of[i] == MATCHING_NONE)
				continue;
			assert_false(taken & 1u << right_of[i]);
			taken |= 1u << right_of[i];
			made.pairs++;
			made.cost += cost_of(&g, i, right_of[i]);
		}
		assert_int_equal(made.pairs, best.pairs);
		assert_int_equal(made.cost, best.cost);
	}
}

static void nothing_has_no_pairs(void **state)
{
	size_t right_of[1] = { 7 };

	(void)state;
	matching_make(right_of, 1, 0, NULL, 0);
	assert_int_equal(right_of[0], MATCHING_NONE);
	matching_make(NULL, 0, 3, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_as_many_and_as_near_as_can_be),
		cmocka_unit_test(nothing_has_no_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
