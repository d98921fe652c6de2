/* SPDX-License-Identifier: MIT */
/* Whose references are left, of several findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "takers.h"

static void add(struct takers *t, const char *function, bool lost)
{
	const struct location place = { .function = function };
	struct callers_row row = { .place = &place, .taken = 1 };
	const struct callers c = { &row, 1, 1, 0, false, lost, false };

	takers_add(t, &c);
}

static void each_is_named_once(void **state)
{
	struct takers t = { 0 };

	(void)state;
	add(&t, "write", false);
	add(&t, "read", false);
	add(&t, "write", false);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.names[0], "read");
	assert_string_equal(t.names[1], "write");
	takers_release(&t);
}

/* Else those would be left that come after it, which are others in each run. */
static void what_is_not_known_of_a_part_is_known_of_none(void **state)
{
	(void)state;
	for (int at = 0; at < 3; at++) {
		struct takers t = { 0 };

		for (int i = 0; i < 3; i++)
			add(&t, i ? "read" : "write", i == at);
		assert_int_equal(t.count, 0);
		takers_release(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_named_once),
		cmocka_unit_test(what_is_not_known_of_a_part_is_known_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
