// SPDX-License-Identifier: MIT
/* Addresses that are kept, while threads take some, give them back and change how
 * many are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "spare.h"
#include "sys.h"

#define PAGE    4096ull
#define MIB     (1ull << 20)
#define THREADS 4
#define ROUNDS  20000

static bool is(const char *p, char value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void what_is_kept_is_as_much_as_is_asked_for(void **state)
{
	(void)state;
	assert_false(spare_is_left(PAGE));
	assert_null(spare_take(PAGE));
	spare_fit(sys_mapped + 8 * MIB);
	assert_true(spare_is_left(7 * MIB));
	assert_false(spare_is_left(9 * MIB));
	spare_fit(sys_mapped - 4 * MIB);
	assert_true(spare_is_left(3 * MIB));
	assert_false(spare_is_left(5 * MIB));
	spare_fit(0);
	assert_false(spare_is_left(PAGE));
}

static void what_was_given_back_is_zeros_if_it_is_locked_too(void **state)
{
	char *p;

	(void)state;
	spare_fit(sys_mapped + MIB);
	for (int locked = 0; locked < 2; locked++) {
		p = spare_take(2 * PAGE);
		assert_non_null(p);
		assert_int_equal(sys_open_up(p, 2 * PAGE), 0);
		assert_true(is(p, 0, 2 * PAGE));
		memset(p, 1, 2 * PAGE);
		if (locked)
			assert_int_equal(mlock(p, 2 * PAGE), 0);
		assert_true(spare_give(p, 2 * PAGE));
		assert_ptr_equal(spare_take(2 * PAGE), p);
		assert_true(is(p, 0, 2 * PAGE));
		munlock(p, 2 * PAGE);
		assert_true(spare_give(p, 2 * PAGE));
	}
	spare_fit(0);
}

static const uint64_t sizes[] = { 0, MIB, 2 * MIB, 3 * MIB };
static uint64_t least;

/* Which others have, or which is mapped no more, is seen as soon as it is used. */
static void *take_and_give(void *name)
{
	const char own = (char)(intptr_t)name;
	intptr_t faults = 0;

	for (int i = 0; i < ROUNDS; i++) {
		size_t size = PAGE << i % 3;
		char *p = spare_take(size);

		if (!p)
			continue;
		if (sys_open_up(p, size) < 0) {
			faults++;
			continue;
		}
		faults += !is(p, 0, size);
		memset(p, own, size);
		faults += !is(p, own, size);
		if (!spare_give(p, size))
			sys_unmap(p - PAGE, size + PAGE);
	}
	return (void *)faults;
}

static void *change_sizes(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++)
		spare_fit(least + sizes[i % 4]);
	return NULL;
}

static void *change_to_one(void *unused)
{
	(void)unused;
	spare_fit(least + MIB);
	return NULL;
}

static void two_that_change_it_at_the_same_time_keep_it_once(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int round = 0; round < 200; round++) {
		least = sys_mapped;
		for (int i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, change_to_one, NULL);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(sys_mapped, least + MIB);
		spare_fit(0);
		/* The page before them stays. */
		assert_int_equal(sys_mapped, least + PAGE);
	}
}

static void no_page_is_given_twice_or_when_it_is_gone(void **state)
{
	pthread_t threads[2 * THREADS];
	void *faults;

	(void)state;
	least = sys_mapped;
	for (int i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, take_and_give,
			       (void *)(intptr_t)(i + 1));
		pthread_create(&threads[THREADS + i], NULL, change_sizes, NULL);
	}
	for (int i = 0; i < 2 * THREADS; i++) {
		pthread_join(threads[i], &faults);
		assert_null(faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_as_much_as_is_asked_for),
		cmocka_unit_test(
		    what_was_given_back_is_zeros_if_it_is_locked_too),
		cmocka_unit_test(
		    two_that_change_it_at_the_same_time_keep_it_once),
		cmocka_unit_test(no_page_is_given_twice_or_when_it_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
