/* SPDX-License-Identifier: MIT */
/*
 * The shim's shared state under many threads at once, with the sums and lists
 * that must be right in the end.  Built with ThreadSanitizer, too, which sees
 * what needs luck to go wrong.  The environment has it record itself, without
 * hooks: see meson.build.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect.h"
#include "image.h"
#include "ledger_tables.h"
#include "marks.h"
#include "modules.h"
#include "names.h"
#include "record.h"
#include "references.h"
#include "regions.h"
#include "stacks.h"
#include "stop.h"

#define THREADS 4
#define HERE    __builtin_frame_address(0)

typedef void work(unsigned number);

struct worker {
	pthread_t thread;
	unsigned number;
	work *f;
};
static pthread_barrier_t start;

static void *work_on(void *data)
{
	const struct worker *w = data;

	pthread_barrier_wait(&start);
	w->f(w->number);
	return NULL;
}

/* Until all are through. They cannot fail: what they did is looked at then. */
static void in_threads(work *f)
{
	struct worker workers[THREADS];

	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].number = i;
		workers[i].f = f;
		assert_int_equal(pthread_create(&workers[i].thread, NULL,
						work_on, &workers[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	pthread_barrier_destroy(&start);
}

/* Another order in each thread; `of` is a power of two. */
static unsigned shuffled(unsigned i, unsigned number, unsigned of)
{
	return (i * (2 * number + 1) + number * (of / THREADS)) % of;
}

/* --- Stacks ----------------------------------------------------------------- */

#define STACKS 8192
#define DEPTH  4

static uint32_t nodes[THREADS][STACKS], numbers[THREADS][STACKS];
static unsigned wrong[THREADS];
static struct stacks_memo memos[THREADS];
static uint64_t limits[THREADS][RKN_LIMITS];

/* Outer frames are shared by many stacks. */
static uint64_t pc_of(unsigned stack, unsigned level)
{
	return 0x10000ull * (level + 1) + 16ull * (stack >> 3 * (3 - level));
}

static uint32_t node_of(struct stacks_memo *memo, unsigned stack)
{
	uint32_t node = 0;

	for (unsigned level = 0; level < DEPTH; level++)
		node = stacks_child(memo, node, pc_of(stack, level));
	return node;
}

/* Is `node` the innermost frame of that stack? */
static bool is_stack(uint32_t node, unsigned stack)
{
	for (unsigned level = DEPTH; level-- > 0;) {
		const struct store_frame *f = store_record(STORE_FRAMES, node);

		if (!node || !f || f->address != pc_of(stack, level))
			return false;
		node = f->parent;
	}
	return node == 0;
}

static void grow_the_tree(unsigned number)
{
	struct thread *t = thread_enter(NULL);

	for (unsigned i = 0; t && i < STACKS; i++) {
		unsigned stack = shuffled(i, number, STACKS);
		uint32_t node = node_of(&memos[number], stack);

		wrong[number] += !is_stack(node, stack);
		numbers[number][stack] =
		    stacks_number(node, false, limits[number]);
	}
	if (t)
		thread_leave(t);
}

static void every_thread_finds_every_stack(void **state)
{
	static struct stacks_memo memo;
	uint64_t count;

	(void)state;
	in_threads(grow_the_tree);
	for (unsigned n = 0; n < THREADS; n++) {
		assert_int_equal(wrong[n], 0);
		for (unsigned i = 0; i < STACKS; i++) {
			const struct store_stack *s =
			    store_record(STORE_STACKS, numbers[n][i]);

			assert_int_not_equal(numbers[n][i], 0);
			assert_true(is_stack(s->frame, i));
		}
	}
	count = store.header->tables[STORE_FRAMES].count;
	for (unsigned i = 0; i < STACKS; i++)
		assert_true(is_stack(node_of(&memo, i), i));
	assert_int_equal(store.header->tables[STORE_FRAMES].count, count);
}

/* One goes over the frames while the others look for theirs. */
static void forget_or_find(unsigned number)
{
	struct thread *t = thread_enter(NULL);

	if (!number)
		stacks_forget(pc_of(0, 3), pc_of(STACKS, 3), RKN_NONE);
	for (unsigned i = 0; number && i < STACKS; i += 8) {
		memos[number] = (struct stacks_memo){ 0 };
		nodes[number][i] =
		    node_of(&memos[number], shuffled(i, number, STACKS));
	}
	if (t)
		thread_leave(t);
}

static void frames_are_found_while_others_are_forgotten(void **state)
{
	(void)state;
	in_threads(forget_or_find);
	for (unsigned n = 1; n < THREADS; n++)
		for (unsigned i = 0; i < STACKS; i += 8)
			assert_int_not_equal(nodes[n][i], 0);
}

/* --- Names ------------------------------------------------------------------- */

#define NAMES 1024
static char names[NAMES][12];
static uint32_t name_numbers[THREADS][NAMES];

static void name_all(unsigned number)
{
	struct thread *t = ledger_tables_enter();

	for (unsigned i = 0; t && i < NAMES; i++) {
		unsigned at = shuffled(i, number, NAMES);

		name_numbers[number][at] =
		    names_number(names[at], t->area->limits);
	}
	if (t)
		thread_leave(t);
}

static void a_name_has_one_number_in_all_threads(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NAMES; i++)
		snprintf(names[i], sizeof(names[i]), "name %u", i);
	in_threads(name_all);
	for (unsigned i = 0; i < NAMES; i++) {
		uint32_t number = name_numbers[0][i];

		assert_string_equal(names_text(number), names[i]);
		for (unsigned n = 1; n < THREADS; n++)
			assert_int_equal(name_numbers[n][i], number);
	}
}

/* --- Blocks ------------------------------------------------------------------ */

#define BOXES 32
#define TURNS 4000
static _Atomic(char *) boxes[BOXES];

static __attribute__((noinline)) char *allocate(size_t size)
{
	char *p = malloc(size);

	record_alloc(p, size, 0, HERE);
	return p;
}

static __attribute__((noinline)) void give_back(char *p)
{
	if (!p)
		return;
	record_free_slowly(p, HERE);
	free(p);
}

/* What one puts into a box another takes out. */
static void pass_on(unsigned number)
{
	for (unsigned i = 0; i < TURNS; i++) {
		size_t size = 16 + (i * 40503u + number) % 3000;

		give_back(atomic_exchange(&boxes[(i * 7 + number) % BOXES],
					  allocate(size)));
	}
}

static int64_t bytes_of(const struct store_counter *c)
{
	return (int64_t)(c->allocated_bytes - c->freed_bytes);
}

/* Blocks alive by the sums of all threads, and their bytes. */
static int64_t alive(int64_t *bytes)
{
	int64_t blocks = 0;

	*bytes = 0;
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		struct store_area *a = store_record(STORE_AREAS, i);

		blocks += (int64_t)(a->allocations - a->frees);
		*bytes += bytes_of(&a->rest);
		for (uint32_t k = 0;
		     k < store.header->tables[STORE_STACKS].count; k++)
			if (a->counters[k / STORE_COUNTERS_PER_PAGE])
				*bytes += bytes_of(thread_counter(a, k));
	}
	return blocks;
}

static void blocks_that_pass_between_threads_are_counted_once(void **state)
{
	int64_t bytes;

	(void)state;
	in_threads(pass_on);
	assert_int_equal(alive(&bytes), BOXES);
	for (unsigned i = 0; i < BOXES; i++)
		give_back(atomic_exchange(&boxes[i], NULL));
	assert_int_equal(alive(&bytes), 0);
	assert_int_equal(bytes, 0);
}

/* --- Objects ------------------------------------------------------------------ */

#define SHARED 16
static char *shared[SHARED];

static __attribute__((noinline)) char *make(const char *type)
{
	char *p = allocate(64);

	references_object(p, type, NULL, 0, 0, HERE);
	return p;
}

static __attribute__((noinline)) void hold(unsigned number)
{
	for (unsigned i = 0; i < TURNS; i++) {
		char *a = shared[(i * 5 + number) % SHARED];
		char *b = shared[(i * 3 + number) % SHARED];
		char *own = make("Own");

		references_retain(a, b, NULL, HERE);
		references_link(own, a, "linked", false, HERE);
		references_retain(own, a, "kept", HERE);
		references_retain(b, NULL, NULL, HERE);
		references_move(b, NULL, a, HERE);
		references_release(own, a, "kept", HERE);
		references_link(b, own, "weak", true, HERE);
		references_release(b, a, NULL, HERE);
		references_release(a, b, NULL, HERE);
		give_back(own);
	}
}

/* Both lists of `p` are whole; so many lead to it. */
static unsigned assert_lists(const char *p)
{
	struct store_object *o = objects_live((uint64_t)(uintptr_t)p);
	uint32_t previous = 0, count = 0, number;

	assert_non_null(o);
	assert_int_equal(o->lock, 0);
	for (number = o->references; number;
	     number = references_at(number)->to_next, count++) {
		assert_int_equal(references_at(number)->to, objects_number(o));
		assert_int_equal(references_at(number)->to_previous, previous);
		previous = number;
	}
	previous = 0;
	for (number = o->holds; number;
	     number = references_at(number)->from_next) {
		assert_int_equal(references_at(number)->from,
				 objects_number(o));
		assert_int_equal(references_at(number)->from_previous,
				 previous);
		previous = number;
	}
	return count;
}

static void make_shared(void)
{
	for (unsigned i = 0; i < SHARED; i++)
		shared[i] = make("Shared");
}

static void end_shared(void)
{
	for (unsigned i = 0; i < SHARED; i++)
		give_back(shared[i]);
}

static void references_of_many_threads_are_given_back_whole(void **state)
{
	(void)state;
	make_shared();
	in_threads(hold);
	for (unsigned i = 0; i < SHARED; i++) {
		assert_int_equal(assert_lists(shared[i]), 0);
		assert_int_equal(references_count(shared[i]), 1);
	}
	end_shared();
}

/* They end before what they hold is given back, by somebody. */
static __attribute__((noinline)) void end_first(unsigned number)
{
	for (unsigned i = 0; i < TURNS; i++) {
		char *a = shared[(i * 5 + number) % 2];
		char *own = make("Own");

		references_retain(a, own, "kept", HERE);
		give_back(own);
		references_release(a, NULL, NULL, HERE);
	}
}

static void what_ended_objects_hold_is_given_back_late(void **state)
{
	(void)state;
	make_shared();
	in_threads(end_first);
	for (unsigned i = 0; i < SHARED; i++) {
		const struct store_object *o =
		    objects_live((uint64_t)(uintptr_t)shared[i]);
		unsigned maker = o && o->flags & STORE_OBJECT_MAKER;

		assert_int_equal(assert_lists(shared[i]) + maker, 1);
		assert_int_equal(references_count(shared[i]), 1);
	}
	end_shared();
}

/* --- The world ------------------------------------------------------------------ */

#define MARKS 40

/* One looks at all that the others change, and at their regions. */
static void mark_or_work(unsigned number)
{
	if (!number) {
		for (unsigned i = 0; i < MARKS; i++) {
			marks_make("world");
			collect_now(i % 3);
		}
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		regions_begin("work");
		hold(number);
		pass_on(number);
		regions_end("work");
	}
}

static uint64_t missed(void)
{
	uint64_t n = 0;

	for (uint32_t i = 1; i < thread_numbers(); i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);

		n += a->limits[RKN_LIMIT_CALL_MISSED];
	}
	return n;
}

static void marks_are_made_while_others_work(void **state)
{
	const struct rkn_mark *m;

	(void)state;
	make_shared();
	in_threads(mark_or_work);
	for (unsigned i = 0; i < SHARED; i++)
		assert_int_equal(assert_lists(shared[i]), 0);
	m = store_record(STORE_MARKS,
			 store.header->tables[STORE_MARKS].count - 1);
	assert_in_range(m->number + missed(), MARKS, 2 * MARKS);
	end_shared();
}

/* --- Modules ----------------------------------------------------------------------- */

/* By the loader, by its list, and by their records, which none has yet. */
static void find_modules(unsigned number)
{
	struct thread *t = thread_enter(NULL);

	for (unsigned i = 0; t && i < 200; i++) {
		const struct link_map *map = _r_debug.r_map;

		for (; map; map = map->l_next) {
			uint64_t at = (uint64_t)(uintptr_t)map->l_ld;
			struct image image, loaded;

			if (!image_find(at, &image) ||
			    modules_find(at) == RKN_NONE)
				wrong[number]++;
			else if (map != _r_debug.r_map &&
				 (!image_find_listed(at, &loaded) ||
				  loaded.map != image.map ||
				  loaded.start != image.start ||
				  loaded.unwind != image.unwind))
				wrong[number]++;
		}
	}
	if (t)
		thread_leave(t);
}

static void every_thread_finds_every_module(void **state)
{
	(void)state;
	in_threads(find_modules);
	for (unsigned n = 0; n < THREADS; n++)
		assert_int_equal(wrong[n], 0);
}

/* --- Stopping ------------------------------------------------------------------- */

#ifndef __SANITIZE_THREAD__
#define STOPS 50
static atomic_uint beats[THREADS];
static atomic_bool enough;

static void *beat(void *number)
{
	while (!atomic_load(&enough))
		atomic_fetch_add(&beats[(uintptr_t)number], 1);
	return NULL;
}

static unsigned all_beats(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < THREADS; i++)
		sum += atomic_load(&beats[i]);
	return sum;
}

static void stop_and_look(void)
{
	struct stop s;
	unsigned before, after;

	stop_begin(&s);
	before = all_beats();
	usleep(1000);
	after = all_beats();
	stop_end(false);
	assert_int_equal(after, before);
	assert_int_equal(s.running, 0);
	assert_true(s.count - s.unread >= THREADS);
	while (all_beats() == after)
		usleep(100);
}

/* A sanitizer may have a thread of its own, which blocks all signals. */
static void threads_stand_still_and_go_on(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, beat, (void *)i), 0);
	for (unsigned i = 0; i < STOPS; i++)
		stop_and_look();
	atomic_store(&enough, true);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}
#endif

#define IN_TURN 300

static void *allocate_three(void *serial)
{
	struct thread *t;

	for (unsigned i = 0; i < 3; i++) {
		char *p = malloc(100);

		record_alloc(p, 100, 0, HERE);
		if (i == 2)
			record_free_slowly(p, HERE);
		free(p);
	}
	t = thread_enter(NULL);
	*(uint32_t *)serial = t ? t->serial : 0;
	if (t)
		thread_leave(t);
	return NULL;
}

/* Who comes later has the area of one who has ended, and an account of its
 * own. */
static void threads_in_turn_share_an_area(void **state)
{
	uint32_t areas = thread_numbers(), serials[IN_TURN];

	(void)state;
	for (unsigned i = 0; i < IN_TURN; i++) {
		pthread_t t;

		assert_int_equal(
		    pthread_create(&t, NULL, allocate_three, &serials[i]), 0);
		assert_int_equal(pthread_join(t, NULL), 0);
		assert_true(serials[i] && (!i || serials[i] > serials[i - 1]));
	}
	assert_in_range(thread_numbers(), areas, areas + THREADS);
	thread_publish_all();
	for (unsigned i = 0; i < IN_TURN; i++) {
		const struct rkn_thread *r =
		    store_record(STORE_THREADS, serials[i]);

		assert_int_equal(r->allocations, 3);
		assert_int_equal(r->frees, 1);
	}
}

/* Its file is not needed: what is mapped stays. */
static int setup(void **state)
{
	(void)state;
	return process_ready() ? unlink(store.path) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_finds_every_stack),
		cmocka_unit_test(frames_are_found_while_others_are_forgotten),
		cmocka_unit_test(a_name_has_one_number_in_all_threads),
		cmocka_unit_test(
		    blocks_that_pass_between_threads_are_counted_once),
		cmocka_unit_test(
		    references_of_many_threads_are_given_back_whole),
		cmocka_unit_test(what_ended_objects_hold_is_given_back_late),
		cmocka_unit_test(every_thread_finds_every_module),
		cmocka_unit_test(marks_are_made_while_others_work),
		cmocka_unit_test(threads_in_turn_share_an_area),
#ifndef __SANITIZE_THREAD__
		cmocka_unit_test(threads_stand_still_and_go_on),
#endif
	};

#ifdef __SANITIZE_THREAD__
	/* Ours is not set by the C library. */
	print_message("# threads_stand_still_and_go_on is left out: only "
		      "handlers that ThreadSanitizer knows of may interrupt "
		      "its functions\n");
#endif

	return cmocka_run_group_tests(tests, setup, NULL);
}
