/* SPDX-License-Identifier: MIT */
/* The live store hands out what it has, and no more, whatever is asked for. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store.h"

#define MIB     (1ull << 20)
#define LIMIT   (64 * MIB) /* of a file, and so the store's size */
#define THREADS 4
#define TRIES   100000

/* The kernel would end this process if it ever wrote beyond. */
static int open_store(void **state)
{
	const struct rlimit limit = { LIMIT, RLIM_INFINITY };

	(void)state;
	return setrlimit(RLIMIT_FSIZE, &limit) ||
	       store_create("/tmp", "test_room", getpid(), 4);
}

static int close_store(void **state)
{
	(void)state;
	if (store.header)
		store_forget(store_leave());
	return unlink(store.path);
}

static uint64_t left(void)
{
	return store.size - store.header->used_bytes;
}

static void what_finds_no_room_takes_none(void **state)
{
	uint64_t before = store.header->used_bytes;

	(void)state;
	assert_int_equal(store.size, LIMIT);
	assert_int_equal(store_take(left() + 1), 0);
	assert_int_equal(store_take(left() + 4096), 0);
	assert_int_equal(store_take(store.size), 0);
	assert_int_equal(store_take(store.size + 1), 0);
	assert_int_equal(store_take(UINT64_MAX), 0);
	assert_int_equal(store.header->used_bytes, before);
	assert_int_equal(store_take(1), before);
	assert_int_equal(store.header->used_bytes, before + 4096);
}

static void the_file_never_grows_at_the_end(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(store_take(left() + 4096), 0);
	store_trim();
	assert_int_equal(stat(store.path, &st), 0);
	assert_in_range(st.st_size, store.header->used_bytes, LIMIT);
	assert_int_equal(store.header->file_bytes, st.st_size);
}

static void the_last_byte_is_handed_out(void **state)
{
	uint64_t all = left();

	(void)state;
	assert_int_not_equal(store_take(all), 0);
	assert_int_equal(left(), 0);
	assert_int_equal(store_take(1), 0);
	assert_int_equal(left(), 0);
	assert_false(store_prepare(store.size, 1));
	assert_false(store_prepare(store.size - 1, 2));
	assert_false(store_prepare(UINT64_MAX, 2));
	assert_true(store_prepare(store.size - 1, 1));
	assert_in_range(store_own_bytes(), 1, store.size);
}

static void text_that_finds_no_room_takes_none(void **state)
{
	struct store_table *t = &store.header->tables[STORE_TEXT];
	char *text = calloc(1, t->capacity);
	uint64_t before = t->count;

	(void)state;
	assert_non_null(text);
	assert_int_equal(store_text(text, t->capacity - before), 0);
	assert_int_equal(store_text(text, SIZE_MAX), 0);
	assert_int_equal(t->count, before);
	assert_int_not_equal(store_text(text, t->capacity - before - 1), 0);
	assert_int_equal(t->count, t->capacity);
	assert_int_equal(store_text(text, 1), 0);
	assert_int_equal(t->count, t->capacity);
	free(text);
}

static void *take_much(void *argument)
{
	uint64_t *sum = argument;

	for (uint64_t i = 0; i < TRIES; i++) {
		uint64_t size = (i % 7 + 1) * 4096;

		if (store_take(size))
			*sum += size;
	}
	return NULL;
}

static void threads_share_what_there_is(void **state)
{
	uint64_t sums[THREADS] = { 0 }, sum = 0, before = left();
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take_much, &sums[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += sums[i];
	}
	assert_int_equal(left(), 0);
	assert_int_equal(sum, before);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_finds_no_room_takes_none),
		TEST(the_file_never_grows_at_the_end),
		TEST(the_last_byte_is_handed_out),
		TEST(text_that_finds_no_room_takes_none),
		TEST(threads_share_what_there_is),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
