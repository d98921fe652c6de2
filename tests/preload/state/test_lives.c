/* SPDX-License-Identifier: MIT */
/* Shares of lifetimes, beside what was added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <refknot/store.h>

#include "lives.h"

static uint16_t lives[8];
static uint64_t added[8], all;
static uint32_t seed;

static int begin(void **state)
{
	(void)state;
	memset(lives, 0, sizeof(lives));
	memset(added, 0, sizeof(added));
	all = 0;
	seed = 1;
	return 0;
}

/* So many times, of a lifetime that is in that bucket. */
static void add(unsigned bucket, uint64_t births, uint32_t weight,
		unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		seed = seed * 1103515245 + 12345;
		lives_add(lives, births, weight, seed * 0x9e3779b1u);
	}
	added[bucket] += (uint64_t)weight * times;
	all += (uint64_t)weight * times;
}

static double counted(unsigned bucket)
{
	return (double)(lives[bucket] & STORE_LIFE_MOST) *
	       (double)(1u << store_lives_halved(lives));
}

/* Within a hundredth of all. */
static void assert_near(void)
{
	for (unsigned i = 0; i < 8; i++) {
		const double off = counted(i) - (double)added[i];

		assert_true(off < (double)all / 100);
		assert_true(-off < (double)all / 100);
	}
}

static void few_are_counted_exactly(void **state)
{
	(void)state;
	add(0, 0, 1, 5);
	add(1, 1, 2, 3);
	add(1, 7, 1, 1);
	add(2, 8, 1, 1);
	add(2, 63, 1, 1);
	add(6, 262143, 1, 1);
	add(7, 262144, 1, 1);
	add(7, UINT64_MAX, 1, 1);
	assert_int_equal(store_lives_halved(lives), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(lives[i], added[i]);
}

static void early_ones_count_as_much_as_late_ones(void **state)
{
	(void)state;
	add(5, 10000, 256, 20000);
	add(0, 0, 256, 1200);
	add(3, 100, 7, 5000);
	assert_true(store_lives_halved(lives) > 5);
	assert_near();
}

/* Less than what one of a bucket stands for, often. */
static void what_is_rare_is_not_lost(void **state)
{
	(void)state;
	add(4, 2000, 256, 100000);
	add(1, 1, 1, 2000000);
	assert_near();
}

static void no_number_is_too_large(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32000; i++)
		add(i % 8, i % 8 ? 1ull << (3 * (i % 8) - 1) : 0, UINT32_MAX,
		    100);
	/* More than fits is not counted. */
	assert_int_equal(store_lives_halved(lives), 31);
	for (unsigned i = 0; i < 8; i++)
		assert_true((lives[i] & STORE_LIFE_MOST) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(few_are_counted_exactly, begin),
		cmocka_unit_test_setup(early_ones_count_as_much_as_late_ones,
				       begin),
		cmocka_unit_test_setup(what_is_rare_is_not_lost, begin),
		cmocka_unit_test_setup(no_number_is_too_large, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
