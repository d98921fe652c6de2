/* SPDX-License-Identifier: MIT */
/* Live stores, as a running, a finished and a killed process leave them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "die.h"
#include "model.h"
#include "peak.h"
#include "scratch.h"
#include "store_maker.h"

#define FILE_NAME "a.rkn"
#define HEAP      0x7f1230000000u
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

static struct store_maker s;
static struct model m;

static void load(void)
{
	int error;

	store_maker_close(&s);
	error = model_load(&m, FILE_NAME);
	if (error)
		fail_msg("%d: %s", error, m.error);
}

static void assert_refused(int error, const char *words)
{
	assert_int_equal(model_load(&m, FILE_NAME), error);
	if (strncmp(m.error, FILE_NAME ": ", strlen(FILE_NAME) + 2) ||
	    !strstr(m.error, words))
		fail_msg("\"%s\" does not say \"%s\"", m.error, words);
	assert_null(m.path);
}

static void assert_block(size_t i, uint64_t address, uint64_t size,
			 uint64_t birth)
{
	assert_true(i < m.block_count);
	assert_int_equal(m.blocks[i].address, address);
	assert_int_equal(m.blocks[i].size, size);
	assert_int_equal(m.blocks[i].birth, birth);
}

static void add_stacks(size_t count)
{
	struct store_stack *stacks = xcalloc(count, sizeof(*stacks));

	store_maker_table(&s, STORE_STACKS, stacks, count, sizeof(*stacks));
	free(stacks);
}

static void add_threads(size_t count)
{
	struct rkn_thread *threads = xcalloc(count, sizeof(*threads));

	store_maker_table(&s, STORE_THREADS, threads, count, sizeof(*threads));
	free(threads);
}

static void a_store_of_nothing_is_a_recording_of_nothing(void **state)
{
	(void)state;
	store_maker_open(&s, FILE_NAME);
	load();
	assert_int_equal(m.meta.pid, 99);
	assert_int_equal(m.frame_count, 1);
	assert_int_equal(m.stack_count, 1);
	assert_int_equal(m.thread_count, 1);
	assert_int_equal(m.block_count, 0);
	assert_int_equal(m.limits[RKN_LIMIT_NO_SNAPSHOT], 1);
	model_release(&m);
}

static void a_running_store_has_its_live_blocks(void **state)
{
	const uint64_t small = STORE_HEAD | 5ull << STORE_SIZE_SHIFT;
	const uint64_t freed = small | STORE_FREED;
	const uint64_t big[] = {
		STORE_HEAD | STORE_EXTRA | STORE_BIG | 7ull << STORE_SIZE_SHIFT,
		9ull << STORE_BIRTH_SHIFT,
		2ull << 1,
	};

	(void)state;
	store_maker_open(&s, FILE_NAME);
	add_stacks(5);
	add_threads(3);
	store_maker_slots(&s, HEAP + 3 * STORE_REGION, big, 3);
	store_maker_block(&s, HEAP + STORE_REGION - 16, 10, 4, 7, 2);
	store_maker_block(&s, HEAP, 32, 5, 1, 3); /* beyond the tables */
	store_maker_slots(&s, HEAP + 64, &small, 1);
	store_maker_slots(&s, HEAP + 96, &freed, 1);
	load();
	assert_int_equal(m.block_count, 4);
	assert_block(0, HEAP, 32, 1);
	assert_int_equal(m.blocks[0].stack, 0);
	assert_int_equal(m.blocks[0].thread, 0);
	assert_block(1, HEAP + 64, 5, 0);
	assert_block(2, HEAP + STORE_REGION - 16, 10, 7);
	assert_int_equal(m.blocks[2].stack, 4);
	assert_int_equal(m.blocks[2].thread, 2);
	assert_block(3, HEAP + 3 * STORE_REGION, (2ull << 32) + 7, 9);
	assert_int_equal(m.meta.flags & RKN_META_SNAPSHOT, 0);
	model_release(&m);
}

static void granules_of_eight_bytes_are_read(void **state)
{
	const uint64_t small = STORE_HEAD | 8ull << STORE_SIZE_SHIFT;
	const uint64_t slots[] = { small, small, small };

	(void)state;
	store_maker_open(&s, FILE_NAME);
	s.h.granule_shift = 3;
	store_maker_slots(&s, HEAP + 8, slots, 3);
	load();
	assert_int_equal(m.block_count, 3);
	assert_block(0, HEAP + 8, 8, 0);
	assert_block(2, HEAP + 24, 8, 0);
	model_release(&m);
}

static void of_overlapping_blocks_the_newer_one_lives(void **state)
{
	(void)state;
	store_maker_open(&s, FILE_NAME);
	store_maker_block(&s, HEAP, 100, 0, 1, 0); /* older around newer */
	store_maker_block(&s, HEAP + 64, 32, 0, 2, 0);
	store_maker_block(&s, HEAP + 256, 100, 0, 4, 0); /* newer around */
	store_maker_block(&s, HEAP + 256 + 32, 16, 0, 3, 0);
	store_maker_block(&s, HEAP + 256 + 64, 16, 0, 2, 0);
	store_maker_block(&s, HEAP + 512, 64, 0, 5, 0); /* neighbours */
	store_maker_block(&s, HEAP + 512 + 64, 64, 0, 6, 0);
	load();
	assert_int_equal(m.block_count, 4);
	assert_block(0, HEAP + 64, 32, 2);
	assert_block(1, HEAP + 256, 100, 4);
	assert_block(2, HEAP + 512, 64, 5);
	assert_block(3, HEAP + 512 + 64, 64, 6);
	assert_int_equal(m.limits[RKN_LIMIT_LOST_FREE], 3);
	model_release(&m);
}

static void the_tree_of_stacks_is_put_in_order(void **state)
{
	const struct rkn_module modules[] = { { 0 }, { .start = 1, .end = 2 } };
	const struct store_frame frames[] = {
		{ 0 },
		{ 0x10, 0, 0, 1, 0 },
		{ 0, 1, 0, 1, 0 },           /* a hole */
		{ 0x10, 0, 0, 1, 0 },        /* 1 again */
		{ 0x20, 3, 0, 2, 0 },        /* no such module */
		{ 0x20, 1, 0, RKN_NONE, 0 }, /* 4 again */
		{ 0x30 | STORE_FRAME_GONE, 5, 0, 0, 0 },
		{ 0x40, 900, 0, 1, 0 }, /* no such parent */
		{ 0x50, 8, 0, 1, 0 },   /* its own parent */
	};
	const struct store_stack stacks[] = {
		{ 0 }, { 6, 0 }, { 5, 1 }, { 4, 0xff }, { 2, 0 }, { 1000, 0 }
	};
	static const uint32_t expected[] = { 0, 3, 2, 2, 0, 0 };

	(void)state;
	store_maker_open(&s, FILE_NAME);
	store_maker_table(&s, STORE_MODULES, modules, 2, sizeof(modules[0]));
	store_maker_table(&s, STORE_FRAMES, frames, COUNT(frames),
			  sizeof(frames[0]));
	store_maker_table(&s, STORE_STACKS, stacks, COUNT(stacks),
			  sizeof(stacks[0]));
	load();
	assert_int_equal(m.module_count, 1);
	assert_int_equal(m.modules[0].start, 1);
	assert_int_equal(m.frame_count, 6);
	assert_int_equal(m.frames[1].module, 0);
	assert_int_equal(m.frames[2].parent, 1);
	assert_int_equal(m.frames[2].module, RKN_NONE);
	assert_int_equal(m.frames[3].address, 0x30);
	assert_int_equal(m.frames[3].parent, 2);
	assert_int_equal(m.frames[4].parent, 0);
	assert_int_equal(m.frames[5].parent, 0);
	assert_int_equal(m.stack_count, COUNT(stacks));
	for (size_t i = 0; i < COUNT(stacks); i++)
		assert_int_equal(m.stacks[i].frame, expected[i]);
	assert_int_equal(m.stacks[3].flags, RKN_STACK_TRUNCATED);
	model_release(&m);
}

/* Two stacks that differ in what was not asked for alone, and one that has no
 * more than that. */
static void stacks_are_as_deep_as_was_asked_for(void **state)
{
	const struct store_frame frames[] = {
		{ 0 },
		{ 0x10, 0, 0, 0, 0 },
		{ 0x20, 1, 0, 0, 0 },
		{ 0x30, 2, 0, 0, 0 }, /* 10 20 30 */
		{ 0x11, 0, 0, 0, 0 },
		{ 0x20, 4, 0, 0, 0 },
		{ 0x30, 5, 0, 0, 0 }, /* 11 20 30 */
		{ 0x30, 1, 0, 0, 0 }, /* 10 30 */
	};
	const struct store_stack stacks[] = {
		{ 0 }, { 3, 0 }, { 7, 0 }, { 6, RKN_STACK_TRUNCATED }
	};
	struct store_area *a = xcalloc(2, sizeof(*a));
	struct store_counter counters[STORE_COUNTERS_PER_PAGE] = {
		{ 0 },
		{ .allocations = 1, .allocated_bytes = 10 },
		{ .allocations = 2, .allocated_bytes = 20 },
		{ .allocations = 4,
		  .allocated_bytes = 40,
		  .frees = 1,
		  .freed_bytes = 5 },
	};
	uint64_t page;

	(void)state;
	store_maker_open(&s, FILE_NAME);
	s.h.depth = 2;
	store_maker_table(&s, STORE_FRAMES, frames, COUNT(frames),
			  sizeof(frames[0]));
	store_maker_table(&s, STORE_STACKS, stacks, COUNT(stacks),
			  sizeof(stacks[0]));
	page = store_maker_take(&s, sizeof(counters));
	store_maker_put(&s, page, counters, sizeof(counters));
	a[1].counters[0] = (uint32_t)(page / 4096);
	store_maker_table(&s, STORE_AREAS, a, 2, sizeof(*a));
	store_maker_block(&s, HEAP, 32, 3, 1, 0);
	free(a);
	load();
	assert_int_equal(m.frames[m.stacks[1].frame].address, 0x30);
	assert_int_equal(m.frames[m.frames[m.stacks[1].frame].parent].address,
			 0x20);
	assert_int_equal(m.frames[m.frames[m.stacks[1].frame].parent].parent,
			 0);
	assert_int_equal(m.stacks[1].flags,
			 RKN_STACK_TRUNCATED | RKN_STACK_DEEPER);
	assert_int_equal(m.stacks[2].flags, 0);
	assert_int_equal(m.stacks[2].frame, 7);
	assert_int_equal(m.stacks[1].allocations, 5);
	assert_int_equal(m.stacks[1].freed_bytes, 5);
	assert_int_equal(m.stacks[2].allocations, 2);
	assert_int_equal(m.stacks[3].allocations, 0);
	assert_int_equal(m.limits[RKN_LIMIT_DEPTH], 1);
	assert_int_equal(m.limits[RKN_LIMIT_TRUNCATED_STACK], 0);
	assert_int_equal(m.blocks[0].stack, 1);
	model_release(&m);
}

/* Area `i` of `a`, with a page of counters for stacks from `first` on. */
static void fill_area(struct store_area *a, uint32_t serial, uint64_t n,
		      uint32_t first)
{
	struct store_counter counters[STORE_COUNTERS_PER_PAGE] = { 0 };
	uint64_t page = store_maker_take(&s, sizeof(counters));

	counters[1] = (struct store_counter){
		.allocations = n,
		.allocated_bytes = 10 * n,
		.frees = 1,
		.freed_bytes = 10,
	};
	store_maker_put(&s, page, counters, sizeof(counters));
	a->serial = serial;
	a->allocations = n;
	a->frees = 1;
	a->rest.allocated_bytes = 5;
	a->base_allocations = 1;
	a->limits[RKN_LIMIT_NESTED] = n;
	a->counters[first / STORE_COUNTERS_PER_PAGE] = (uint32_t)(page / 4096);
}

static void counters_are_summed_over_all_areas(void **state)
{
	struct store_area *a = xcalloc(4, sizeof(*a));

	(void)state;
	store_maker_open(&s, FILE_NAME);
	add_stacks(STORE_COUNTERS_PER_PAGE + 72);
	add_threads(3);
	a[0].limits[RKN_LIMIT_SHARED_MAP] = 5;
	fill_area(&a[1], 1, 10, 0);
	fill_area(&a[2], 2, 20, 0);
	fill_area(&a[3], 900, 40, STORE_COUNTERS_PER_PAGE);
	a[3].counters[7] = UINT32_MAX; /* beyond the stacks and the file */
	store_maker_table(&s, STORE_AREAS, a, 4, sizeof(*a));
	free(a);
	load();
	assert_int_equal(m.meta.allocations, 70);
	assert_int_equal(m.meta.allocated_bytes, 715);
	assert_int_equal(m.meta.frees, 3);
	assert_int_equal(m.meta.freed_bytes, 30);
	assert_int_equal(m.meta.peak_bytes, 685);
	assert_int_equal(m.limits[RKN_LIMIT_NESTED], 70);
	assert_int_equal(m.limits[RKN_LIMIT_SHARED_MAP], 5);
	assert_int_equal(m.stacks[1].allocations, 30);
	assert_int_equal(m.stacks[1].allocated_bytes, 300);
	assert_int_equal(m.stacks[1].frees, 2);
	assert_int_equal(m.stacks[STORE_COUNTERS_PER_PAGE + 1].allocations, 40);
	assert_int_equal(m.threads[1].allocations, 9);
	assert_int_equal(m.threads[2].allocations, 19);
	assert_int_equal(m.threads[2].frees, 1);
	/* Nothing was ever freed at a peak: it is now. */
	assert_int_equal(m.stacks[1].peak_blocks, 28);
	assert_int_equal(m.stacks[1].peak_bytes, 280);
	assert_true(m.meta.flags & RKN_META_PEAKS);
	model_release(&m);
}

/* A store with two areas that count for one stack and for another. */
static void load_peaks(uint64_t peak_bytes, struct store_counter first,
		       struct store_counter second)
{
	struct store_area *a = xcalloc(3, sizeof(*a));
	struct store_counter counters[STORE_COUNTERS_PER_PAGE] = { 0 };
	uint64_t page;

	store_maker_open(&s, FILE_NAME);
	s.h.peak = 5;
	s.h.meta.peak_bytes = peak_bytes;
	add_stacks(2);
	add_threads(2);
	for (int i = 1; i < 3; i++) {
		counters[1] = i == 1 ? first : second;
		page = store_maker_take(&s, sizeof(counters));
		store_maker_put(&s, page, counters, sizeof(counters));
		a[i].counters[0] = (uint32_t)(page / 4096);
	}
	store_maker_table(&s, STORE_AREAS, a, 3, sizeof(*a));
	free(a);
	load();
}

static struct store_counter counter(uint64_t allocations, uint64_t bytes,
				    uint64_t frees, uint64_t freed_bytes)
{
	return (struct store_counter){ .allocations = allocations,
				       .allocated_bytes = bytes,
				       .frees = frees,
				       .freed_bytes = freed_bytes };
}

/* What did not change since the last peak is as it was; what was noted of an
 * earlier one does not count. */
static void a_peak_is_what_was_noted_or_is_now(void **state)
{
	struct store_counter noted = counter(10, 100, 9, 90), since;

	(void)state;
	noted.peak = 5;
	noted.peak_blocks = 7;
	noted.peak_bytes = 70;
	since = counter(4, 40, 1, 10);
	since.peak = 4;
	since.peak_blocks = 1;
	since.peak_bytes = 1;
	load_peaks(100, noted, since);
	assert_int_equal(m.meta.peak_bytes, 100);
	assert_int_equal(m.stacks[1].peak_blocks, 10);
	assert_int_equal(m.stacks[1].peak_bytes, 100);
	model_release(&m);
}

/* Freed before a thread that was not run gave the peak its number: any amount. */
static void a_peak_that_stacks_do_not_have_is_not_known(void **state)
{
	struct store_counter noted = counter(10, 100, 9, 90);

	(void)state;
	noted.peak =
	    6; /* newer than the header's: the reader read that before */
	noted.peak_blocks = 7;
	noted.peak_bytes = 70;
	load_peaks(70 + 3 * RKN_PEAK_THREAD, noted, counter(0, 0, 0, 0));
	assert_int_equal(m.stacks[1].peak_bytes, 70);
	assert_null(peak_why_unknown(&m));
	model_release(&m);
	load_peaks(71 + 3 * RKN_PEAK_THREAD, noted, counter(0, 0, 0, 0));
	assert_int_equal(m.meta.peak_bytes, 71 + 3 * RKN_PEAK_THREAD);
	assert_non_null(peak_why_unknown(&m));
	model_release(&m);
	/* The sum of what threads noted may be more. */
	load_peaks(100, noted, counter(5, 50, 0, 0));
	assert_int_equal(m.meta.peak_bytes, 120);
	model_release(&m);
}

/* One thread freed what the other had allocated, at the peak, too. */
static void threads_may_free_what_others_allocated_at_a_peak(void **state)
{
	struct store_counter noted = counter(0, 0, 8, 80);

	(void)state;
	noted.peak = 5;
	noted.peak_blocks = (uint32_t)-3;
	noted.peak_bytes = (uint64_t)-30;
	load_peaks(70, counter(10, 100, 0, 0), noted);
	assert_int_equal(m.stacks[1].peak_blocks, 7);
	assert_int_equal(m.stacks[1].peak_bytes, 70);
	model_release(&m);

	/* More than were there: it was read while they ran. */
	noted.peak_blocks = (uint32_t)-30;
	noted.peak_bytes = (uint64_t)-300;
	load_peaks(70, counter(10, 100, 0, 0), noted);
	assert_int_equal(m.stacks[1].peak_blocks, 0);
	assert_int_equal(m.stacks[1].peak_bytes, 0);
	model_release(&m);
}

static void a_finished_store_has_its_snapshot(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_string_equal(model_text(&m, m.meta.program), "/bin/cat");
	assert_int_equal(m.meta.argument_count, 2);
	assert_int_equal(m.meta.flags, RKN_META_SNAPSHOT | RKN_META_PEAKS);
	assert_int_equal(m.meta.duration_ns, 2500);
	assert_int_equal(m.limits[RKN_LIMIT_NO_SNAPSHOT], 0);
	assert_int_equal(m.block_count, 2);
	assert_int_equal(m.edge_count, 2);
	assert_int_equal(m.root_count, 2);
	assert_int_equal(m.roots[0].owner, 0); /* modules move by one */
	assert_int_equal(m.roots[1].owner, 1);
	model_release(&m);
}

static void the_valid_lists_are_the_timeline(void **state)
{
	const struct rkn_point *p;

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	p = m.points;
	assert_int_equal(m.point_count, 3);
	assert_int_equal(p[0].time_ns, 0);
	assert_int_equal(p[1].time_ns, 1000);
	assert_int_equal(p[1].most, 32);
	assert_int_equal(p[1].least, 32);
	assert_int_equal(p[2].time_ns, 2500);
	assert_int_equal(p[2].flags, RKN_POINT_PEAK | RKN_POINT_END);
	assert_int_equal(p[2].blocks, 2);
	assert_int_equal(p[2].bytes, 64);
	assert_int_equal(m.key_count, 1);
	assert_int_equal(m.keys[0].rows, 3);
	assert_int_equal(m.key_rows[0].stack, 0);
	assert_int_equal(m.key_rows[1].stack, 1);
	assert_int_equal(m.key_rows[1].bytes, 16);
	assert_int_equal(m.key_rows[2].stack, RKN_NONE);
	assert_int_equal(m.life_count, 1);
	assert_int_equal(m.lives[0].stack, 1);
	assert_int_equal(m.lives[0].copies, 2);
	assert_int_equal(m.lives[0].copied_bytes, 20);
	model_release(&m);
}

/* What is not known of it is taken from the points about it. */
static void the_peak_is_a_point(void **state)
{
	static struct rkn_point points[2 * STORE_POINTS_MOST];
	const struct rkn_point *p;

	(void)state;
	points[0].time_ns = 100;
	points[0].births = points[0].allocations = 10;
	points[1].time_ns = 300;
	points[1].births = points[1].allocations = 30;
	points[1].allocated_bytes = 2000;
	store_maker_open(&s, FILE_NAME);
	store_maker_table(&s, STORE_POINTS, points, 2 * STORE_POINTS_MOST,
			  sizeof(*points));
	s.h.points = 2;
	s.h.meta.peak_bytes = 500;
	s.h.peak_ns = 200;
	s.h.peak_births = 21;
	s.h.start_mono_ns = 1000;
	s.h.end_mono_ns = 1400;
	load();
	assert_int_equal(m.point_count, 5);
	p = &m.points[2];
	assert_int_equal(p->flags, RKN_POINT_PEAK);
	assert_int_equal(p->time_ns, 200);
	assert_int_equal(p->births, 21);
	assert_int_equal(p->allocations, 20);
	assert_int_equal(p->allocated_bytes, 1000);
	assert_int_equal(p->bytes, 500);
	assert_int_equal(p[2].flags, RKN_POINT_END);
	assert_int_equal(p[2].time_ns, 400);
	model_release(&m);
}

/* Half way in time, and more than half of what was allocated. */
static void what_is_more_alive_at_the_peak_was_allocated_by_then(void **state)
{
	static struct rkn_point points[2 * STORE_POINTS_MOST];

	(void)state;
	points[0].time_ns = 100;
	points[0].allocated_bytes = 800;
	points[1].time_ns = 300;
	points[1].allocated_bytes = 2000;
	store_maker_open(&s, FILE_NAME);
	store_maker_table(&s, STORE_POINTS, points, 2 * STORE_POINTS_MOST,
			  sizeof(*points));
	s.h.points = 2;
	s.h.meta.peak_bytes = 1100;
	s.h.peak_ns = 200;
	s.h.start_mono_ns = 1000;
	s.h.end_mono_ns = 1400;
	load();
	assert_int_equal(m.points[2].flags, RKN_POINT_PEAK);
	assert_int_equal(m.points[2].allocated_bytes, 800 + 1100);
	model_release(&m);
}

/* Of threads the sum by stack may be more than what they published. */
static void the_peak_of_threads_is_not_the_end(void **state)
{
	static struct rkn_point points[2 * STORE_POINTS_MOST];
	const struct store_counter gone = { .allocations = 1,
					    .allocated_bytes = 600,
					    .frees = 1,
					    .freed_bytes = 600,
					    .peak = 1,
					    .peak_blocks = 1,
					    .peak_bytes = 600 };
	struct store_area *a = xcalloc(2, sizeof(*a));
	uint64_t page;

	(void)state;
	points[0].time_ns = 100;
	points[1].time_ns = 150;
	points[1].bytes = 1ull << 63; /* cannot be */
	points[2].time_ns = 300;
	points[2].births = points[2].allocations = 1;
	points[2].allocated_bytes = 600;
	store_maker_open(&s, FILE_NAME);
	add_stacks(1);
	page = store_maker_take(&s, 16384);
	store_maker_put(&s, page, &gone, sizeof(gone));
	a[1].counters[0] = (uint32_t)(page / 4096);
	a[1].allocations = a[1].frees = 1;
	store_maker_table(&s, STORE_AREAS, a, 2, sizeof(*a));
	store_maker_table(&s, STORE_POINTS, points, 2 * STORE_POINTS_MOST,
			  sizeof(*points));
	free(a);
	s.h.points = 3;
	s.h.births = 16;
	s.h.peak = 1;
	s.h.meta.peak_bytes = 500;
	s.h.peak_ns = 200;
	s.h.peak_births = 1;
	s.h.start_mono_ns = 1000;
	s.h.end_mono_ns = 1400;
	load();
	assert_int_equal(m.meta.peak_bytes, 600);
	assert_int_equal(m.point_count, 5);
	assert_int_equal(m.points[2].flags, RKN_POINT_PEAK);
	assert_int_equal(m.points[2].time_ns, 200);
	assert_int_equal(m.points[2].bytes, 600);
	/* At least what was alive. */
	assert_int_equal(m.points[2].allocated_bytes, 600);
	assert_int_equal(m.points[2].blocks, 1);
	assert_int_equal(m.points[2].allocations, 1);
	assert_int_equal(m.points[4].flags, RKN_POINT_END);
	/* Of the numbers that were taken one was used. */
	assert_int_equal(m.points[4].births, 1);
	model_set_duration(&m, 900);
	assert_int_equal(m.points[4].time_ns, 900);
	model_set_duration(&m, 7);
	assert_int_equal(m.meta.duration_ns, 300);
	assert_int_equal(m.points[4].time_ns, 300);
	model_release(&m);
}

/* However roughly the clock says so. */
static void the_peak_is_between_its_marks(void **state)
{
	const struct rkn_mark marks[] = {
		{ 0 },
		{ .name = 2, .number = 1, .time_ns = 300, .birth = 20 },
		{ .name = 2, .number = 2, .time_ns = 350, .birth = 21 },
	};
	const struct {
		uint64_t said, is;
	} times[] = { { 200, 300 }, { 320, 320 }, { 390, 350 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		store_maker_open(&s, FILE_NAME);
		store_maker_table(&s, STORE_MARKS, marks, 3, sizeof(*marks));
		s.h.meta.peak_bytes = 500;
		s.h.peak_ns = times[i].said;
		s.h.peak_births = 21;
		s.h.start_mono_ns = 1000;
		s.h.end_mono_ns = 1400;
		load();
		assert_int_equal(m.point_count, 3);
		assert_int_equal(m.points[1].flags, RKN_POINT_PEAK);
		assert_int_equal(m.points[1].time_ns, times[i].is);
		model_release(&m);
	}
}

/* What counts is as often doubled as it was halved. */
static void lives_of_threads_are_added(void **state)
{
	const struct store_counter few = { .frees = 10, .lives = { 10 } };
	const struct store_counter many = {
		.frees = 90, .lives = { 0x8000, 0x8000 | 22 } /* halved twice */
	};
	struct store_area *a = xcalloc(3, sizeof(*a));
	uint64_t page;

	(void)state;
	store_maker_open(&s, FILE_NAME);
	add_stacks(1);
	page = store_maker_take(&s, 16384);
	store_maker_put(&s, page, &few, sizeof(few));
	a[1].counters[0] = (uint32_t)(page / 4096);
	page = store_maker_take(&s, 16384);
	store_maker_put(&s, page, &many, sizeof(many));
	a[2].counters[0] = (uint32_t)(page / 4096);
	store_maker_table(&s, STORE_AREAS, a, 3, sizeof(*a));
	free(a);
	load();
	assert_int_equal(m.life_count, 1);
	assert_int_equal(m.lives[0].freed[0], 10);
	assert_int_equal(m.lives[0].freed[1], 88);
	model_release(&m);
}

static void rewrite_record(enum store_table_number table, size_t i,
			   const void *data, size_t size)
{
	struct store_header h;
	int fd = open(FILE_NAME, O_RDWR);

	assert_int_equal(pread(fd, &h, sizeof(h), 0), sizeof(h));
	assert_int_equal(
	    pwrite(fd, data, size, (off_t)(h.tables[table].offset + i * size)),
	    size);
	close(fd);
}

static void objects_have_their_references_and_events(void **state)
{
	size_t first;

	(void)state;
	for (int finished = 0; finished < 2; finished++) {
		store_maker_whole(FILE_NAME, finished);
		assert_int_equal(model_load(&m, FILE_NAME), 0);
		assert_int_equal(m.object_count, 3);
		assert_string_equal(model_name(&m, m.objects[1].type), "cat");
		assert_int_equal(m.objects[1].block, 0);
		assert_int_equal(m.objects[2].flags, RKN_OBJECT_MAKER);
		assert_int_equal(model_references_of(&m, 2, &first), 0);
		assert_int_equal(model_references_of(&m, 1, &first), 1);
		assert_int_equal(m.references[first].from, 2);
		assert_int_equal(m.references[first].holder, 0x12000);
		assert_string_equal(model_name(&m, m.references[first].field),
				    "/tmp");
		assert_int_equal(m.objects[1].events, 2);
		first = m.objects[1].first_event;
		assert_int_equal(m.events[first].kind, RKN_EVENT_RETAIN);
		assert_int_equal(m.events[first].holder, 2);
		assert_int_equal(m.events[first + 1].count, 1);
		assert_int_equal(m.error_count, 1);
		assert_int_equal(m.errors[0].count, 3);
		model_release(&m);
	}
}

/* Whatever a list says, it is followed no further than it can be long. */
static void rings_that_never_close_are_cut(void **state)
{
	const struct store_event wrong = { 8, 0, 1, 0, 0, 1, 1 };

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	model_release(&m);
	rewrite_record(STORE_EVENTS, 1, &wrong, sizeof(wrong));
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_true(m.objects[1].events <= STORE_EVENTS_KEPT);
	model_release(&m);
}

static void regions_and_marks_are_sorted(void **state)
{
	(void)state;
	for (int finished = 0; finished < 2; finished++) {
		store_maker_whole(FILE_NAME, finished);
		assert_int_equal(model_load(&m, FILE_NAME), 0);
		/* One was never used. */
		assert_int_equal(m.region_count, 3);
		assert_int_equal(m.regions[0].stack, RKN_NONE);
		assert_int_equal(m.regions[0].type, RKN_NONE);
		assert_int_equal(m.regions[0].begun, 2);
		assert_int_equal(m.regions[1].type, 2);
		assert_int_equal(m.regions[2].stack, 1);
		assert_int_equal(m.regions[2].least, -1);
		assert_int_equal(m.regions[1].buckets, RKN_REGION_BUCKETS);
		assert_int_equal(m.regions[1].series[0], 1);
		assert_int_equal(m.regions[2].buckets, 0);
		assert_int_equal(m.mark_count, 2);
		assert_int_equal(m.marks[0].time_ns, 10);
		assert_int_equal(m.marks[0].rows, 2);
		assert_int_equal(m.census[m.marks[0].first + 1].type, 2);
		/* Its census cannot be. */
		assert_int_equal(m.marks[1].time_ns, 20);
		assert_int_equal(m.marks[1].rows, 0);
		model_release(&m);
	}
}

static void a_store_can_be_saved_and_loaded(void **state)
{
	struct model again;

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(model_save(&m, "b.rkn"), 0);
	assert_int_equal(model_load(&again, "b.rkn"), 0);
	assert_memory_equal(&m.meta, &again.meta, sizeof(m.meta));
	assert_int_equal(again.block_count, 2);
	assert_memory_equal(m.frames, again.frames,
			    m.frame_count * sizeof(*m.frames));
	model_release(&again);
	model_release(&m);
}

static void places_in_blocks_are_put_in_order_each_once(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.wide_count, 5);
	assert_true(model_knows_place(&m, RKN_WIDE_ARRAY, 1, 8));
	assert_true(model_knows_place(&m, RKN_WIDE_ARRAY, 1, 16));
	assert_true(model_knows_place(&m, RKN_WIDE_BASE, 0, 8));
	assert_false(model_knows_place(&m, RKN_WIDE_BASE, 1, 8));
	assert_false(model_knows_place(&m, RKN_WIDE_BASE, 0, 16));
	assert_false(model_knows_place(&m, RKN_WIDE_ARRAY, 0, 8));
	model_release(&m);
}

static void live_frames_and_threads_are_as_far_as_they_can_be(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.live_frame_count, 2);
	assert_int_equal(m.live_frames[0].module, 0);
	assert_int_equal(m.live_frames[0].sp, 0x7000);
	assert_int_equal(m.live_frames[1].module, RKN_NONE);
	assert_int_equal(m.live_thread_count, 2);
	assert_int_equal(m.live_threads[0].thread, 1);
	assert_int_equal(m.live_threads[0].frames, 2);
	assert_int_equal(m.live_threads[1].pointer, 0x9000);
	assert_int_equal(m.live_threads[1].thread, RKN_NONE);
	assert_int_equal(m.live_threads[1].frames, 0);
	assert_int_equal(m.tls_count, 1);
	assert_int_equal(m.tls[0].module, 0);
	assert_int_equal(m.tls[0].below, 32);
	model_release(&m);
}

static void what_the_kernel_held_is_known_as_far_as_it_can_be(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.mapping_count, 1);
	assert_int_equal(m.mappings[0].resident, 0x2000);
	assert_int_equal(m.page_count, 1);
	assert_int_equal(m.pages[0].end, 0x3000);
	assert_int_equal(m.arena_count, 2);
	assert_int_equal(m.arenas[0].start, 0x1000);
	assert_int_equal(m.arenas[1].start, 0x8000);
	assert_int_equal(m.slack_count, 1);
	assert_int_equal(m.slack[0].block, 1);
	assert_int_equal(m.mapped_site_count, 2);
	assert_int_equal(m.mapped_sites[0].missed, 1);
	assert_int_equal(m.mapped_sites[1].stack, 0);
	assert_int_equal(m.mapped_count, 2);
	assert_int_equal(m.mapped[0].end, 0x3000);
	assert_int_equal(m.mapped[0].thread, 1);
	assert_int_equal(m.mapped[1].start, 0x8000);
	assert_int_equal(m.mapped[1].thread, 0);
	model_release(&m);
}

static void first_words_lead_to_places_that_are_known(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.place_count, 2);
	assert_int_equal(m.places[0].module, 0);
	assert_int_equal(m.places[0].offset, 0x4010);
	assert_int_equal(m.places[1].module, RKN_NONE);
	assert_int_equal(m.first_count, 2);
	assert_ptr_equal(model_first_of(&m, 0), &m.places[0]);
	assert_null(model_first_of(&m, 1));
	model_release(&m);
}

static void counts_are_known_as_far_as_they_are_right(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.count_count, 1);
	assert_null(model_count_of(&m, 0));
	assert_ptr_equal(model_count_of(&m, 1), &m.counts[0]);
	assert_int_equal(m.counts[0].strong, 2);
	model_release(&m);
}

/* A process killed while it wrote a text. */
static void texts_always_end(void **state)
{
	(void)state;
	store_maker_open(&s, FILE_NAME);
	store_maker_table(&s, STORE_TEXT, "?abc", 4, 1);
	s.h.meta.program = 1;
	s.h.meta.directory = 5;
	load();
	assert_string_equal(model_text(&m, 0), "");
	assert_int_equal(m.strings_size, 5);
	assert_string_equal(model_text(&m, m.meta.program), "abc");
	assert_int_equal(m.meta.directory, 0);
	model_release(&m);
}

static void a_switched_off_store_says_so(void **state)
{
	(void)state;
	store_maker_open(&s, FILE_NAME);
	s.h.state = STORE_OFF;
	load();
	assert_int_equal(m.limits[RKN_LIMIT_SWITCHED_OFF], 1);
	assert_true(m.meta.flags & RKN_META_OFF);
	model_release(&m);
}

static void rewrite_header(size_t at, const void *data, size_t size)
{
	int fd = open(FILE_NAME, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, (off_t)at), (ssize_t)size);
	close(fd);
}

static void set_count(enum store_table_number table, uint64_t count)
{
	const size_t at = offsetof(struct store_header, tables) +
			  table * sizeof(struct store_table);

	rewrite_header(at + offsetof(struct store_table, count), &count, 8);
	rewrite_header(at + offsetof(struct store_table, capacity), &count, 8);
}

/* They count as far as there is data, or are refused as out of proportion. */
static void claims_of_too_many_records_come_to_nothing(void **state)
{
	(void)state;
	for (int table = 0; table < STORE_WIDE; table++) {
		if (table >= STORE_BLOCKS && table <= STORE_ROOTS)
			continue;
		store_maker_whole(FILE_NAME, 0);
		assert_int_equal(truncate(FILE_NAME, 1ll << 38), 0);
		set_count((enum store_table_number)table, 1ull << 60);
		if (model_load(&m, FILE_NAME))
			assert_non_null(strstr(m.error, "out of proportion"));
		assert_true(m.frame_count <= 1u << 21);
		model_release(&m);
	}
	for (int table = STORE_BLOCKS; table <= STORE_ROOTS; table++) {
		store_maker_whole(FILE_NAME, 1);
		set_count((enum store_table_number)table, 1ull << 60);
		assert_refused(-EBADMSG, "the store is damaged");
	}
}

static void a_claim_with_data_at_the_end_is_out_of_proportion(void **state)
{
	(void)state;
	store_maker_whole(FILE_NAME, 0);
	assert_int_equal(truncate(FILE_NAME, 1ll << 33), 0);
	rewrite_header((1ull << 33) - 1, "x", 1);
	set_count(STORE_FRAMES, 1ull << 60);
	assert_refused(-EBADMSG, "out of proportion");
}

static void damaged_stores_are_refused(void **state)
{
	const struct store_block blocks[] = {
		store_maker_listed(0x10000, 64, 0),
		store_maker_listed(0x10020, 64, 0),
	};
	const struct store_block unordered[] = {
		store_maker_listed(HEAP + STORE_REGION / 2, 24, 0),
		store_maker_listed(HEAP, 24, 0),
	};
	const uint32_t two = 2, later = STORE_VERSION + 1, shift = 40;
	char words[32];

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	rewrite_header(offsetof(struct store_header, version), &later, 4);
	snprintf(words, sizeof(words), "version %u, and", later);
	assert_refused(-EPROTO, words);
	store_maker_whole(FILE_NAME, 1);
	rewrite_header(offsetof(struct store_header, size), &two, 4);
	assert_refused(-EBADMSG, "header has 2 bytes");
	store_maker_whole(FILE_NAME, 0);
	rewrite_header(offsetof(struct store_header, granule_shift), &shift, 4);
	assert_refused(-EBADMSG, "2^40");
	store_maker_open(&s, FILE_NAME);
	store_maker_table(&s, STORE_BLOCKS, blocks, 2, sizeof(blocks[0]));
	s.h.state = STORE_FINISHED;
	store_maker_close(&s);
	assert_refused(-EBADMSG, "blocks: record 1 is wrong: it overlaps");
	store_maker_open(&s, FILE_NAME);
	store_maker_block(&s, HEAP, 24, 0, 3, 1);
	store_maker_table(&s, STORE_BLOCKS, unordered, 2, sizeof(*unordered));
	s.h.state = STORE_FINISHED;
	store_maker_close(&s);
	assert_refused(-EBADMSG, "blocks: record 1 is wrong");
}

/* A block whose thread went on, and freed it, is there still. */
static void listed_blocks_have_what_the_shadow_has(void **state)
{
	const uint64_t freed[] = { STORE_HEAD | STORE_EXTRA | STORE_FREED |
				       24ull << STORE_SIZE_SHIFT,
				   0x1234ull << 1 };
	const uint64_t big[] = { STORE_HEAD | STORE_EXTRA | STORE_BIG |
				     5ull << STORE_SIZE_SHIFT,
				 9ull << STORE_BIRTH_SHIFT, 1ull << 1 };
	struct store_block blocks[] = {
		store_maker_listed(HEAP, 24, 0),
		store_maker_listed(HEAP + 32, 24, 0),
		store_maker_listed(HEAP + 64, 25, 0),
		store_maker_listed(HEAP + STORE_REGION, (1ull << 32) + 5, 0),
		store_maker_listed(HEAP + 512 * STORE_REGION, 1, 0),
	};

	(void)state;
	store_maker_open(&s, FILE_NAME);
	add_threads(4);
	store_maker_block(&s, HEAP, 24, 0, 3, 2);
	store_maker_slots(&s, HEAP + 32, freed, 2);
	store_maker_block(&s, HEAP + 64, 24, 0, 4, 2); /* another by now */
	store_maker_slots(&s, HEAP + STORE_REGION, big, 3);
	store_maker_table(&s, STORE_BLOCKS, blocks, COUNT(blocks),
			  sizeof(blocks[0]));
	s.h.state = STORE_FINISHED;
	load();
	assert_int_equal(m.block_count, COUNT(blocks));
	assert_block(0, HEAP, 24, 3);
	assert_int_equal(m.blocks[0].thread, 2);
	assert_block(1, HEAP + 32, 24, 0);
	assert_int_equal(m.blocks[1].thread, 0);
	assert_block(2, HEAP + 64, 25, 0);
	assert_block(3, HEAP + STORE_REGION, (1ull << 32) + 5, 9);
	assert_block(4, HEAP + 512 * STORE_REGION, 1, 0);
	model_release(&m);
}

/* Where threads ran, what the snapshot noted counts, and not the shadow. */
static void extras_of_a_snapshot_count(void **state)
{
	const struct store_block blocks[] = {
		store_maker_listed(HEAP, 24, 0),
		store_maker_listed(HEAP + 32, 24, 0),
	};
	const uint64_t extras[] = { 7ull << STORE_BIRTH_SHIFT |
					2ull << STORE_THREAD_SHIFT |
					STORE_WHOLE,
				    8ull << STORE_BIRTH_SHIFT |
					9ull << STORE_THREAD_SHIFT };

	(void)state;
	store_maker_open(&s, FILE_NAME);
	add_threads(4);
	store_maker_block(&s, HEAP, 24, 0, 3, 1);
	store_maker_table(&s, STORE_BLOCKS, blocks, 2, sizeof(blocks[0]));
	store_maker_table(&s, STORE_EXTRAS, extras, 2, sizeof(extras[0]));
	s.h.state = STORE_FINISHED;
	load();
	assert_block(0, HEAP, 24, 7);
	assert_int_equal(m.blocks[0].thread, 2);
	assert_block(1, HEAP + 32, 24, 8);
	assert_int_equal(m.blocks[1].thread, 0);
	model_release(&m);
}

static void edges_that_are_not_all_there_are_refused(void **state)
{
	const uint64_t none = 0, three = 3, four = 4;

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	rewrite_header(offsetof(struct store_header, edges), &three, 8);
	assert_refused(-EBADMSG, "5 bytes are not 3 edges");
	store_maker_whole(FILE_NAME, 1);
	rewrite_header(offsetof(struct store_header, edges), &none, 8);
	assert_refused(-EBADMSG, "5 bytes are not 0 edges");
	store_maker_whole(FILE_NAME, 1);
	set_count(STORE_EDGES, four); /* in the middle of the second */
	assert_refused(-EBADMSG, "4 bytes are not 2 edges");
}

static void chunks_that_share_a_place_are_refused(void **state)
{
	(void)state;
	store_maker_open(&s, FILE_NAME);
	store_maker_block(&s, HEAP, 32, 0, 1, 0);
	s.chunks[s.chunk_count] = s.chunks[1];
	s.chunks[s.chunk_count++].region++;
	store_maker_close(&s);
	assert_refused(-EBADMSG, "overlaps");
	store_maker_open(&s, FILE_NAME);
	store_maker_block(&s, HEAP, 32, 0, 1, 0);
	store_maker_block(&s, HEAP + STORE_REGION, 32, 0, 1, 0);
	s.chunks[2].region = s.chunks[1].region;
	store_maker_close(&s);
	assert_refused(-EBADMSG, "second of its region");
}

static void a_cut_store_gives_what_stands_before(void **state)
{
	(void)state;
	for (off_t size = 16384; size > 0; size -= 100) {
		int error;

		store_maker_whole(FILE_NAME, 1);
		assert_int_equal(truncate(FILE_NAME, size), 0);
		error = model_load(&m, FILE_NAME);
		assert_true(error < 0);
		assert_non_null(strstr(m.error, "cut short"));
		assert_int_equal(m.meta.flags & RKN_META_SNAPSHOT, 0);
		assert_int_equal(error == -ENODATA,
				 size >= (off_t)sizeof(struct store_header));
		model_release(&m);
	}
}

/* Whatever the process scribbled over its store: an answer, no crash. */
static void scribbled_headers_are_survived(void **state)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0xff };

	(void)state;
	store_maker_whole(FILE_NAME, 1);
	for (size_t i = 8; i < sizeof(struct store_header); i++) {
		unsigned char old;
		int fd = open(FILE_NAME, O_RDONLY);

		assert_int_equal(pread(fd, &old, 1, (off_t)i), 1);
		close(fd);
		for (size_t n = 0; n < sizeof(values); n++) {
			rewrite_header(i, &values[n], 1);
			if (model_load(&m, FILE_NAME))
				assert_true(m.error[0]);
			model_release(&m);
		}
		rewrite_header(i, &old, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_of_nothing_is_a_recording_of_nothing),
		cmocka_unit_test(a_running_store_has_its_live_blocks),
		cmocka_unit_test(granules_of_eight_bytes_are_read),
		cmocka_unit_test(of_overlapping_blocks_the_newer_one_lives),
		cmocka_unit_test(the_tree_of_stacks_is_put_in_order),
		cmocka_unit_test(stacks_are_as_deep_as_was_asked_for),
		cmocka_unit_test(counters_are_summed_over_all_areas),
		cmocka_unit_test(a_peak_is_what_was_noted_or_is_now),
		cmocka_unit_test(a_peak_that_stacks_do_not_have_is_not_known),
		cmocka_unit_test(
		    threads_may_free_what_others_allocated_at_a_peak),
		cmocka_unit_test(a_finished_store_has_its_snapshot),
		cmocka_unit_test(the_valid_lists_are_the_timeline),
		cmocka_unit_test(the_peak_is_a_point),
		cmocka_unit_test(
		    what_is_more_alive_at_the_peak_was_allocated_by_then),
		cmocka_unit_test(the_peak_of_threads_is_not_the_end),
		cmocka_unit_test(the_peak_is_between_its_marks),
		cmocka_unit_test(lives_of_threads_are_added),
		cmocka_unit_test(objects_have_their_references_and_events),
		cmocka_unit_test(rings_that_never_close_are_cut),
		cmocka_unit_test(regions_and_marks_are_sorted),
		cmocka_unit_test(a_store_can_be_saved_and_loaded),
		cmocka_unit_test(places_in_blocks_are_put_in_order_each_once),
		cmocka_unit_test(first_words_lead_to_places_that_are_known),
		cmocka_unit_test(counts_are_known_as_far_as_they_are_right),
		cmocka_unit_test(
		    live_frames_and_threads_are_as_far_as_they_can_be),
		cmocka_unit_test(
		    what_the_kernel_held_is_known_as_far_as_it_can_be),
		cmocka_unit_test(texts_always_end),
		cmocka_unit_test(a_switched_off_store_says_so),
		cmocka_unit_test(claims_of_too_many_records_come_to_nothing),
		cmocka_unit_test(
		    a_claim_with_data_at_the_end_is_out_of_proportion),
		cmocka_unit_test(damaged_stores_are_refused),
		cmocka_unit_test(listed_blocks_have_what_the_shadow_has),
		cmocka_unit_test(extras_of_a_snapshot_count),
		cmocka_unit_test(edges_that_are_not_all_there_are_refused),
		cmocka_unit_test(chunks_that_share_a_place_are_refused),
		cmocka_unit_test(a_cut_store_gives_what_stands_before),
		cmocka_unit_test(scribbled_headers_are_survived),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
