/* SPDX-License-Identifier: MIT */
/* Answers are found as they were kept, and what is no row is not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"

#define MANY 5000

static uint64_t number(uint64_t i)
{
	return i * UINT64_C(0x9e3779b97f4a7c15) >> i % 64;
}

static void make_many(struct answers *a)
{
	char text[32];

	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "text %d", (int)i);
		answers_put_number(a, number(i));
		answers_put_text(a, i % 3 ? text : NULL);
		answers_keep(a, (uint32_t)(i % 5), i / 5);
	}
}

static void need_many(const struct answers *a)
{
	struct answer_reader r;
	char text[32];

	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "text %d", (int)i);
		assert_true(answers_find(a, (uint32_t)(i % 5), i / 5, &r));
		assert_int_equal(answer_number(&r), number(i));
		assert_false(answer_is_read(&r));
		if (i % 3)
			assert_string_equal(answer_text(&r), text);
		else
			assert_null(answer_text(&r));
		assert_true(answer_is_read(&r));
		/* There is no more. */
		assert_int_equal(answer_number(&r), 0);
		assert_false(answer_is_read(&r));
	}
	assert_false(answers_find(a, 5, 0, &r));
	assert_false(answers_find(a, 0, MANY, &r));
}

/* The rows behind 16 bytes of something else. */
static char *written(const struct answers *a, size_t *size)
{
	FILE *out;
	char *data;

	out = open_memstream(&data, size);
	assert_non_null(out);
	fprintf(out, "%16s", "");
	answers_write(a, out);
	assert_int_equal(fclose(out), 0);
	return data;
}

static void all_are_found_before_and_after(void **state)
{
	struct answers a = { 0 }, again;
	struct answer_reader r;
	char *data;
	size_t size;

	(void)state;
	assert_false(answers_find(&a, 1, 1, &r));
	make_many(&a);
	need_many(&a);
	data = written(&a, &size);
	answers_release(&a);
	assert_true(answers_read(&again, data, size, 16));
	assert_int_equal(again.count, MANY);
	need_many(&again);
	make_many(&again); /* each takes the place of one */
	assert_int_equal(again.count, MANY);
	need_many(&again);
	answers_release(&again);
}

static void a_long_answer_is_kept(void **state)
{
	struct answers a = { 0 };
	struct answer_reader r;
	char *text = malloc(300000);

	(void)state;
	memset(text, 'x', 299999);
	text[299999] = '\0';
	answers_put_text(&a, text);
	answers_keep(&a, 1, UINT64_MAX);
	answers_put_text(&a, "");
	answers_keep(&a, 1, 0);
	assert_true(answers_find(&a, 1, UINT64_MAX, &r));
	assert_string_equal(answer_text(&r), text);
	assert_true(answers_find(&a, 1, 0, &r));
	assert_string_equal(answer_text(&r), "");
	assert_true(answer_is_read(&r));
	answers_release(&a);
	free(text);
}

/* Whatever it is cut to, or what byte is changed, nothing else is read. */
static void what_is_no_row_is_not_read(void **state)
{
	struct answers a = { 0 }, again;
	size_t size, rows = 0;
	char *data;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		answers_put_text(&a, "some text");
		answers_keep(&a, 1, i);
	}
	data = written(&a, &size);
	answers_release(&a);
	for (size_t cut = 16; cut < size; cut++) {
		char *part = malloc(cut);

		memcpy(part, data, cut);
		if (!answers_read(&again, part, cut, 16)) {
			assert_null(again.slots);
			continue;
		}
		assert_int_equal(again.count, rows++);
		answers_release(&again);
	}
	assert_int_equal(rows, 4);
	for (size_t at = 16; at < size; at++) {
		char *part = malloc(size);

		memcpy(part, data, size);
		part[at] = (char)0xff;
		if (answers_read(&again, part, size, 16)) {
			assert_true(again.count <= 4);
			answers_release(&again);
		}
	}
	free(data);
}

static void damaged_answers_are_bad(void **state)
{
	static const unsigned char endless[] = { 0xff, 0xff, 0xff, 0xff,
						 0xff, 0xff, 0xff, 0xff,
						 0xff, 0xff, 0xff };
	static const unsigned char unended[] = { 1, 'a', 'b' };
	struct answer_reader r = { endless, endless + sizeof(endless), false };

	(void)state;
	answer_number(&r);
	assert_true(r.bad);
	r = (struct answer_reader){ endless, endless + 3, false };
	answer_number(&r);
	assert_true(r.bad);
	r = (struct answer_reader){ unended, unended + sizeof(unended), false };
	assert_null(answer_text(&r));
	assert_true(r.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_found_before_and_after),
		cmocka_unit_test(a_long_answer_is_kept),
		cmocka_unit_test(what_is_no_row_is_not_read),
		cmocka_unit_test(damaged_answers_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
