/* SPDX-License-Identifier: MIT */
/*
 * A mark's census, where threads have counters of some stacks and not of others.
 * The environment has the test record itself, without hooks: see meson.build.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "marks.h"
#include "names.h"
#include "process.h"
#include "record.h"
#include "stacks.h"
#include "thread.h"

#define PAGE   STORE_COUNTERS_PER_PAGE
#define STACKS (6 * PAGE)
#define BYTES  1000u

static uint64_t limits[RKN_LIMITS];

/* So many stacks, all numbered in order. */
static void make_stacks(void)
{
	static struct stacks_memo memo;

	while (store.header->tables[STORE_STACKS].count < STACKS) {
		uint32_t i = (uint32_t)store.header->tables[STORE_STACKS].count;

		assert_int_not_equal(
		    stacks_number(stacks_child(&memo, 0, 0x10000ull + 16 * i),
				  false, limits),
		    0);
	}
}

/* `live` blocks of each of these stacks, the rest freed. */
struct turn {
	const uint32_t *stacks;
	unsigned count, live;
};

static void *allocate(void *data)
{
	const struct turn *turn = data;
	struct thread *t = thread_enter(NULL);

	for (unsigned i = 0; t && i < turn->count; i++) {
		uint32_t stack = turn->stacks[i];
		struct store_counter *c = thread_counter(t->area, stack);

		for (unsigned n = 0; n < turn->live + 2; n++)
			record_count_alloc(t->area, c, BYTES);
		for (unsigned n = 0; n < 2; n++)
			record_count_free(t->area, c, BYTES);
	}
	if (t)
		thread_leave(t);
	return t;
}

/* At the same time, so that each has an area of its own. */
static pthread_barrier_t through;

static void *allocate_beside(void *data)
{
	void *done = allocate(data);

	pthread_barrier_wait(&through);
	return done;
}

static const struct rkn_mark *last_mark(void)
{
	return store_record(STORE_MARKS,
			    store.header->tables[STORE_MARKS].count - 1);
}

static void assert_live(const struct rkn_mark *m, uint32_t stack, uint64_t live)
{
	const struct rkn_census *c = store_record(STORE_CENSUS, m->first);

	for (uint32_t i = 0; i < m->rows; i++)
		if (c[i].stack == stack) {
			assert_int_equal(c[i].live, live);
			assert_int_equal(c[i].bytes, live * BYTES);
			return;
		}
	assert_int_equal(live, 0);
}

/* First and last of a page, with pages between that the thread has not. */
static const uint32_t first[] = { 2, PAGE - 1, 3 * PAGE, 4 * PAGE - 1 };
static const uint32_t second[] = { 2 * PAGE, 3 * PAGE, 5 * PAGE, 6 * PAGE - 1 };
#define COUNT 4

static void a_census_has_every_stack_of_every_thread(void **state)
{
	struct turn turns[] = { { first, COUNT, 1 }, { second, COUNT, 10 } };
	const struct rkn_mark *m;
	uint64_t all = 0;

	(void)state;
	make_stacks();
	marks_make("before");
	assert_int_equal(last_mark()->blocks, 0);
	assert_int_equal(last_mark()->rows, 0);
	pthread_barrier_init(&through, NULL, 2);
	for (unsigned round = 1; round <= 2; round++) {
		pthread_t threads[2];

		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL,
							allocate_beside,
							&turns[i]),
					 0);
		for (unsigned i = 0; i < 2; i++) {
			void *done;

			pthread_join(threads[i], &done);
			assert_non_null(done);
		}
		marks_make("after");
		m = last_mark();
		assert_int_equal(m->blocks, round * COUNT * 11);
		assert_int_equal(m->bytes, m->blocks * BYTES);
		assert_int_equal(m->rows, 2 * COUNT - 1);
		all = 0;
		for (uint32_t s = 1; s < STACKS; s++) {
			uint64_t live = 0;

			for (unsigned i = 0; i < COUNT; i++)
				live += round * ((first[i] == s) +
						 10 * (second[i] == s));
			assert_live(m, s, live);
			all += live;
		}
		assert_int_equal(all, m->blocks);
	}
	pthread_barrier_destroy(&through);
}

/* Of one name the first marks and the last are kept. */
static void marks_of_a_name_are_numbered(void **state)
{
	uint64_t before = store.header->tables[STORE_MARKS].count;
	const struct rkn_mark *m;

	(void)state;
	for (unsigned i = 1; i <= MARKS_KEPT + 5; i++) {
		marks_make("often");
		assert_int_equal(store.header->tables[STORE_MARKS].count,
				 before + (i < MARKS_KEPT ? i : MARKS_KEPT));
		m = last_mark();
		assert_int_equal(m->number, i);
	}
	for (unsigned i = 0; i < MARKS_KEPT - 1; i++) {
		m = store_record(STORE_MARKS, before + i);
		assert_int_equal(m->number, i + 1);
	}
	marks_make("another");
	assert_int_equal(last_mark()->number, 1);
}

/* Rows that a mark made again needs take no new room while they fit. */
static void the_last_mark_uses_its_room_again(void **state)
{
	struct turn more = { &first[0], 1, 1 };
	const struct store_table *t = &store.header->tables[STORE_CENSUS];
	const struct rkn_mark *m = NULL;
	uint32_t stack = 3;
	uint64_t used;

	(void)state;
	more.stacks = &stack;
	for (unsigned i = 0; i < MARKS_KEPT; i++)
		marks_make("grows");
	used = t->count;
	marks_make("grows");
	assert_int_equal(t->count, used);
	m = last_mark();
	for (unsigned i = 0; i < 20; i++, stack++) {
		uint32_t rows = m->rows, room = m->room, at = m->first;

		assert_non_null(allocate(&more));
		marks_make("grows");
		assert_ptr_equal(last_mark(), m);
		assert_int_equal(m->rows, rows + 1);
		assert_int_equal(m->room, rows < room ? room : 2 * room);
		assert_int_equal(m->first, rows < room ? at : used);
		if (rows == room)
			used += m->room;
		assert_int_equal(t->count, used);
		assert_live(m, stack, 1);
	}
}

static int setup(void **state)
{
	(void)state;
	return process_ready() ? unlink(store.path) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_census_has_every_stack_of_every_thread),
		cmocka_unit_test(marks_of_a_name_are_numbered),
		cmocka_unit_test(the_last_mark_uses_its_room_again),
	};

	return cmocka_run_group_tests_name("marks", tests, setup, NULL);
}
