/* SPDX-License-Identifier: MIT */
/* The lists of the two younger generations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "generations.h"

static int reset(void **state)
{
	(void)state;
	generations_reset();
	return 0;
}

static void assert_empty(int generation)
{
	assert_int_equal(generations_at(generation, 0), 0);
}

static void each_list_has_what_was_added_to_it(void **state)
{
	(void)state;
	assert_empty(0);
	generations_add(0, 5);
	generations_add(1, 7);
	generations_add(0, 6);
	assert_int_equal(generations_at(0, 0), 5);
	assert_int_equal(generations_at(0, 1), 6);
	assert_int_equal(generations_at(0, 2), 0);
	assert_int_equal(generations_at(1, 0), 7);
	assert_int_equal(generations_at(1, 1), 0);
	assert_true(generations_listed(0));
	assert_true(generations_listed(1));
	assert_false(generations_listed(2));
}

static void older_lists_stay_when_younger_are_emptied(void **state)
{
	(void)state;
	generations_add(0, 5);
	generations_add(1, 7);
	generations_empty(0);
	assert_empty(0);
	assert_int_equal(generations_at(1, 0), 7);
	generations_add(0, 8);
	assert_int_equal(generations_at(0, 0), 8);
	generations_empty(1);
	assert_empty(0);
	assert_empty(1);
	generations_add(0, 5);
	generations_add(1, 7);
	generations_empty(2);
	assert_empty(0);
	assert_empty(1);
}

static void fill(int generation)
{
	for (uint32_t i = 1; i <= GENERATIONS_LISTED; i++)
		generations_add(generation, i);
}

/* Then its numbers are no answer, until it is emptied. */
static void a_list_with_more_than_its_room_has_not_all(void **state)
{
	(void)state;
	for (int g = 0; g < 2; g++) {
		fill(g);
		assert_true(generations_listed(1));
		assert_int_equal(generations_at(g, GENERATIONS_LISTED - 1),
				 GENERATIONS_LISTED);
		assert_int_equal(generations_at(g, GENERATIONS_LISTED), 0);
		for (uint32_t i = 0; i < 3; i++)
			generations_add(g, 1);
		assert_int_equal(generations_listed(0), g != 0);
		assert_false(generations_listed(1));
		assert_int_equal(generations_at(g, GENERATIONS_LISTED), 0);
		generations_empty(g);
		assert_true(generations_listed(1));
	}
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_list_has_what_was_added_to_it),
		TEST(older_lists_stay_when_younger_are_emptied),
		TEST(a_list_with_more_than_its_room_has_not_all),
	};

	return cmocka_run_group_tests_name("generations", tests, NULL, NULL);
}
