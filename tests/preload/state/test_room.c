/* SPDX-License-Identifier: MIT */
/* The live store hands out what it has, and no more, whatever is asked for. */
#include <errno.h>
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

/* The largest size that the kernel takes for a file, and maps. */
static uint64_t largest_file, largest_map;

long __real_sys_truncate(int fd, uint64_t size);
long __wrap_sys_truncate(int fd, uint64_t size);
long __wrap_sys_truncate(int fd, uint64_t size)
{
	return size > largest_file ? -EFBIG : __real_sys_truncate(fd, size);
}

void *__real_sys_map_file(size_t size, int fd);
void *__wrap_sys_map_file(size_t size, int fd);
void *__wrap_sys_map_file(size_t size, int fd)
{
	return size > largest_map ? NULL : __real_sys_map_file(size, fd);
}

static int create(uint64_t limit, uint64_t file, uint64_t map)
{
	const struct rlimit r = { limit, RLIM_INFINITY };

	largest_file = file;
	largest_map = map;
	return setrlimit(RLIMIT_FSIZE, &r)
		   ? -errno
		   : store_create("/tmp", "test_room", getpid(), 4);
}

/* The kernel would end this process if it ever wrote beyond. */
static int open_store(void **state)
{
	(void)state;
	return create(LIMIT, UINT64_MAX, UINT64_MAX);
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

/* Steps that are ready and handed out count, and no others. */
static void what_it_takes_itself_is_what_was_handed_out(void **state)
{
	uint64_t used = store.header->used_bytes, before = store_own_bytes();
	uint64_t ready = 0;

	(void)state;
	assert_int_equal(used % STORE_STEP, 0);
	for (uint64_t at = 0; at < used; at += STORE_STEP)
		ready += store_steps[at >> STORE_STEP_SHIFT] * STORE_STEP;
	assert_int_equal(before, ready);
	assert_true(before > 0 && before < used);
	assert_true(store_prepare(used, 1));
	assert_true(store_prepare(used, 1));
	assert_int_equal(store_own_bytes(), before);
	assert_int_equal(store_take(1), used);
	assert_int_equal(store_own_bytes(), before + STORE_STEP);
}

static void assert_made(uint64_t size)
{
	struct stat st;

	assert_int_equal(store.size, size);
	assert_int_equal(store.mapped, size);
	assert_int_equal(store.header->file_bytes, size);
	assert_int_equal(stat(store.path, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_true(store_prepare(size - 1, 1));
	assert_false(store_prepare(size, 1));
	assert_int_equal(close_store(NULL), 0);
}

static void a_store_is_as_large_as_the_kernel_lets_it(void **state)
{
	(void)state;
	assert_int_equal(create(8 * LIMIT, 2 * LIMIT, UINT64_MAX), 0);
	assert_made(2 * LIMIT);
	assert_int_equal(create(8 * LIMIT, UINT64_MAX, LIMIT), 0);
	assert_made(LIMIT);
	assert_int_equal(create(8 * LIMIT, 4 * LIMIT, 2 * LIMIT), 0);
	assert_made(2 * LIMIT);
}

static void a_store_that_cannot_be_made_leaves_no_file(void **state)
{
	(void)state;
	assert_int_equal(create(8 * LIMIT, LIMIT - 1, UINT64_MAX), -EFBIG);
	assert_int_equal(access(store.path, F_OK), -1);
	assert_null(store.header);
	assert_int_equal(create(8 * LIMIT, UINT64_MAX, LIMIT - 1), -ENOMEM);
	assert_int_equal(access(store.path, F_OK), -1);
	assert_null(store.header);
	assert_int_equal(create(LIMIT - 1, UINT64_MAX, UINT64_MAX), -EFBIG);
	assert_int_equal(access(store.path, F_OK), -1);
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
		TEST(what_it_takes_itself_is_what_was_handed_out),
		cmocka_unit_test(a_store_is_as_large_as_the_kernel_lets_it),
		cmocka_unit_test(a_store_that_cannot_be_made_leaves_no_file),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
