/* SPDX-License-Identifier: MIT */
/* What is said of lifetimes that are known by the bucket only. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lives.h"

/* The mean of so many that lived for so many births, in a run of `births`. */
static double mean(uint64_t births, const uint64_t freed[RKN_LIFE_BUCKETS])
{
	struct rkn_point points[] = { { .births = 0 }, { .births = births } };
	struct model m = { .points = points, .point_count = births ? 2 : 0 };
	struct rkn_lives l = { 0 };

	for (unsigned i = 0; i < RKN_LIFE_BUCKETS; i++)
		l.freed[i] = freed[i];
	return lives_mean(&m, &l);
}

#define MEAN(births, ...)                                                      \
	mean(births, (const uint64_t[RKN_LIFE_BUCKETS]){ __VA_ARGS__ })

static void what_is_temporary_has_no_life(void **state)
{
	(void)state;
	assert_true(MEAN(1000, 0) == 0);
	assert_true(MEAN(1000, 77) == 0);
}

static void a_mean_is_within_its_buckets_by_a_factor_of_3(void **state)
{
	uint64_t low = 1;

	(void)state;
	for (unsigned i = 1; i < RKN_LIFE_BUCKETS; i++, low *= 8) {
		uint64_t freed[RKN_LIFE_BUCKETS] = { 0 };
		double one, half;

		freed[i] = 5;
		one = mean(UINT64_MAX, freed);
		assert_true(one > (double)low && one < (double)low * 8);
		assert_true(one / (double)low < 3);
		assert_true((double)low * 8 / one < 3);
		freed[0] = 5;
		half = mean(UINT64_MAX, freed);
		assert_true(fabs(half - one / 2) < 1e-6 * one);
	}
}

static void no_block_lived_for_longer_than_the_run(void **state)
{
	const double one = MEAN(40000, 0, 0, 0, 0, 0, 0, 3);

	(void)state;
	assert_true(one >= 32768 && one <= 40000);
	/* Threads count births together, a bit late. */
	assert_true(MEAN(30000, 0, 0, 0, 0, 0, 0, 3) == 32768);
	/* A file may have no timeline. */
	assert_true(MEAN(0, 0, 0, 0, 0, 0, 0, 3) > 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_temporary_has_no_life),
		cmocka_unit_test(a_mean_is_within_its_buckets_by_a_factor_of_3),
		cmocka_unit_test(no_block_lived_for_longer_than_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
