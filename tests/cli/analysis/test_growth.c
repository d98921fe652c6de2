/* SPDX-License-Identifier: MIT */
/* What is growth and what only looks so: hand-made passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "growth.h"
#include "repeat_runs.h"
#include "steady.h"

enum { WARMUP = 3, RUNS = 3 };

#define END 1000 /* of a list of passes */

static struct growth_series series_of(const int64_t *passes)
{
	struct growth_series s = { .run_known = true };

	for (; *passes != END; passes++)
		growth_series_push(&s, *passes);
	return s;
}

static enum growth_verdict verdict_of(const struct growth_series *s)
{
	return growth_series_judge(s, WARMUP, RUNS).verdict;
}

/* Behind a warm-up of three passes that grow. */
#define PASSES(...)                                                            \
	{                                                                      \
		9, 9, 9, __VA_ARGS__, END                                      \
	}

static void check(const struct growth_series *s, const char *name,
		  enum growth_verdict verdict)
{
	if (verdict_of(s) == verdict)
		return;
	print_message("%s, %u passes: %s is %d, not %d\n", name,
		      (unsigned)s->passes, growth_series_text(s, WARMUP),
		      verdict_of(s), verdict);
	fail();
}

static void assert_verdict(const int64_t *passes, enum growth_verdict verdict)
{
	const struct growth_series s = series_of(passes);

	check(&s, "list", verdict);
}

/* Lib/test/test_regrtest.py and refleak.py of CPython have these. */
static void what_cpython_calls_a_leak_is_one(void **state)
{
	static const int64_t leaks[][8] = {
		PASSES(5, 5, 6),
		PASSES(10, 1, 1),
		PASSES(1, 1, 1),
	};
	static const int64_t others[][8] = {
		PASSES(0, 0, 0), PASSES(1, 0, 0),  PASSES(3, 0, 0),
		PASSES(0, 1, 0), PASSES(8, -8, 1), PASSES(-1, -1, -1),
		PASSES(0, 0, 1), PASSES(1, 1, 0),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(leaks) / sizeof(*leaks); i++)
		assert_verdict(leaks[i], GROWTH_EVERY_PASS);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_verdict(others[i], GROWTH_STEADY);
}

static void too_few_passes_are_told(void **state)
{
	static const int64_t few[][8] = {
		{ END },
		{ 1, END },
		{ 1, 1, 1, 1, 1, END },
		{ 0, 0, 0, 0, 0, END },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(few) / sizeof(*few); i++)
		assert_verdict(few[i], GROWTH_TOO_FEW);
}

/* Thirds of two passes tell nothing, and one that does not grow a lot. */
static void each_third_of_nine_passes_has_to_grow(void **state)
{
	static const int64_t eight[] = PASSES(1, 0, 1, 1, 0, 1, 0, 1);
	static const int64_t nine[] = PASSES(1, 0, 1, 1, 0, 1, 0, 1, 1);
	static const int64_t three[] = PASSES(0, 1, 0, 0, 1, 0, 0, 1, 0);
	static const int64_t late[] = PASSES(0, 0, 0, 1, 1, 1, 1, 0, 1);
	static const int64_t pause[] = PASSES(1, 1, 1, 0, 0, 0, 1, 1, 1);
	static const int64_t ends[] = PASSES(1, 0, 0, 1, 1, 1, 0, 0, 0);
	static const int64_t fills[] = PASSES(2, 2, 2, 2, 2, 2, 1, 1, 0);

	(void)state;
	assert_verdict(eight, GROWTH_STEADY);
	assert_verdict(nine, GROWTH_PERIODIC);
	assert_verdict(three, GROWTH_STEADY);
	assert_verdict(late, GROWTH_STEADY);
	assert_verdict(pause, GROWTH_STEADY);
	assert_verdict(ends, GROWTH_STEADY);
	assert_verdict(fills, GROWTH_STEADY);
}

/* growth(pass) over `passes` passes. */
static struct growth_series made_by(int64_t (*growth)(unsigned),
				    unsigned passes)
{
	struct growth_series s = { .run_known = true };

	for (unsigned i = 0; i < passes; i++)
		growth_series_push(&s, growth(i));
	return s;
}

static const unsigned lengths[] = { 16,  17,  31,  32,   33,   50,   63,   64,
				    65,  100, 127, 128,  129,  200,  255,  256,
				    257, 500, 999, 1000, 1024, 4096, 10000 };
#define LENGTHS (sizeof(lengths) / sizeof(*lengths))

/* Of `least` passes and more. */
static void assert_all(int64_t (*growth)(unsigned), const char *name,
		       unsigned least, enum growth_verdict verdict)
{
	for (size_t i = 0; i < LENGTHS; i++) {
		struct growth_series s = made_by(growth, lengths[i]);

		if (lengths[i] >= least)
			check(&s, name, verdict);
	}
}

static int64_t one(unsigned i)
{
	return i >= WARMUP;
}

static int64_t every_second(unsigned i)
{
	return i % 2;
}

static int64_t every_third(unsigned i)
{
	return i % 3 == 0;
}

static int64_t every_tenth(unsigned i)
{
	return i % 10 == 7;
}

static int64_t chunk_of_100(unsigned i)
{
	return i % 20 == 19 ? 100 : 0;
}

/* Five kept, and three of them given back. */
static int64_t in_and_out(unsigned i)
{
	return i % 2 ? -3 : 5;
}

static void growth_without_end_is_found_at_any_length(void **state)
{
	(void)state;
	assert_all(one, "one", 0, GROWTH_EVERY_PASS);
	assert_all(every_second, "every second", 0, GROWTH_PERIODIC);
	assert_all(every_third, "every third", 0, GROWTH_PERIODIC);
	assert_all(every_tenth, "every tenth", 63, GROWTH_PERIODIC);
	assert_all(chunk_of_100, "chunks", 127, GROWTH_PERIODIC);
	assert_all(in_and_out, "in and out", 31, GROWTH_PERIODIC);
}

static int64_t nothing(unsigned i)
{
	(void)i;
	return 0;
}

static int64_t twelve_at_first(unsigned i)
{
	return i < 12;
}

static int64_t once_late(unsigned i)
{
	return i == 14 ? 500 : 0;
}

/* Three that are set up when first needed. */
static int64_t thrice(unsigned i)
{
	return i == 4 || i == 9 || i == 14;
}

static int64_t at_powers_of_two(unsigned i)
{
	return !(i & (i - 1));
}

static int64_t twice_as_many_each(unsigned i)
{
	return i & (i - 1) ? 0 : i;
}

/* 1, 2, 3, 5, 8, ...: half as much more each time. */
static int64_t at_powers_of_one_and_a_half(unsigned i)
{
	unsigned n = 1;

	while (n < i)
		n += n / 2 + (n < 2);
	return n == i;
}

static int64_t up_and_down(unsigned i)
{
	return i % 2 ? -1 : 1;
}

static int64_t saw(unsigned i)
{
	return i % 7 == 6 ? -6 : 1;
}

/* Up for 25 passes and down for 25. */
static int64_t wave(unsigned i)
{
	return i % 50 < 25 ? 1 : -1;
}

static int64_t long_saw(unsigned i)
{
	return i % 40 == 39 ? -39 : 1;
}

/* Chunks of ten until there are enough. */
static int64_t pool(unsigned i)
{
	return i % 4 == 0 && i < 24 ? 10 : 0;
}

static unsigned period;

static int64_t saw_of_period(unsigned i)
{
	return i % period == period - 1 ? -(int64_t)(period - 1) : 1;
}

static int64_t triangle_of_period(unsigned i)
{
	unsigned half = period / 2;

	return i % period < half ? 1 : i % period < 2 * half ? -1 : 0;
}

static int64_t burst_of_period(unsigned i)
{
	return i % period ? -1 : (int64_t)period - 1;
}

/* From two periods after the warm-up on, whatever buckets make of them. */
static void no_wave_of_any_length_grows(void **state)
{
	static int64_t (*const waves[])(unsigned) = {
		saw_of_period,
		triangle_of_period,
		burst_of_period,
	};

	(void)state;
	for (size_t w = 0; w < sizeof(waves) / sizeof(*waves); w++)
		for (period = 2; period <= 150; period++) {
			struct growth_series s = { .run_known = true };

			for (unsigned i = 0; i < 1200; i++) {
				growth_series_push(&s, waves[w](i));
				if (i >= 2 * period + 12)
					assert_true(verdict_of(&s) <
						    GROWTH_PERIODIC);
			}
		}
}

/* Once there were six of them, but for odd ends of buckets. */
static void leaks_of_any_period_are_found(void **state)
{
	unsigned missed = 0, all = 0;

	(void)state;
	for (period = 2; period <= 100; period++) {
		struct growth_series s = { .run_known = true };

		for (unsigned i = 0; i < 2000; i++) {
			growth_series_push(&s, i % period == period / 2);
			if (i < 6 * period + WARMUP)
				continue;
			all++;
			missed += verdict_of(&s) < GROWTH_PERIODIC;
		}
	}
	assert_true(missed * 20 < all); /* less than one in twenty */
}

static bool is_there[50];

static int64_t by_chance(unsigned i)
{
	static unsigned random;

	if (!i) {
		random = 7;
		memset(is_there, 0, sizeof(is_there));
	}
	random = random * 1103515245 + 12345;
	if (is_there[(random >> 16) % 50])
		return 0;
	return is_there[(random >> 16) % 50] = true;
}

static int64_t shrinks(unsigned i)
{
	return i % 3 ? 1 : -3;
}

static void what_ends_or_comes_back_is_none(void **state)
{
	(void)state;
	assert_all(nothing, "nothing", 0, GROWTH_STEADY);
	assert_all(twelve_at_first, "at first", 0, GROWTH_STEADY);
	assert_all(once_late, "once, late", 0, GROWTH_STEADY);
	assert_all(thrice, "thrice", 0, GROWTH_STEADY);
	assert_all(at_powers_of_two, "at powers of two", 0, GROWTH_STEADY);
	assert_all(twice_as_many_each, "doubling", 0, GROWTH_STEADY);
	assert_all(at_powers_of_one_and_a_half, "by half", 0, GROWTH_STEADY);
	assert_all(up_and_down, "up and down", 0, GROWTH_STEADY);
	assert_all(saw, "saw", 0, GROWTH_STEADY);
	assert_all(shrinks, "shrinks", 0, GROWTH_STEADY);
	assert_all(pool, "pool", 50, GROWTH_STEADY);
	assert_all(wave, "wave", 50, GROWTH_STEADY);
	assert_all(long_saw, "long saw", 50, GROWTH_STEADY);
	assert_all(by_chance, "cache of 50", 63, GROWTH_STEADY);
}

/* Buckets forget which passes grew; the run of those that did does not. */
static void one_pass_that_does_not_grow_is_seen_in_buckets(void **state)
{
	struct growth_series s = made_by(one, 1000);

	(void)state;
	assert_int_equal(verdict_of(&s), GROWTH_EVERY_PASS);
	growth_series_push(&s, 0);
	assert_int_equal(verdict_of(&s), GROWTH_PERIODIC);
	s = made_by(one, 500);
	growth_series_push(&s, 0);
	for (int i = 0; i < 499; i++)
		growth_series_push(&s, 1);
	assert_int_equal(verdict_of(&s), GROWTH_PERIODIC);
}

static void rows_that_lag_are_brought_up_to_date(void **state)
{
	struct rkn_region r = {
		.passes = 5,
		.buckets = RKN_REGION_BUCKETS,
		.grown_until = 5,
		.series = { 1, 1, 1, 1, 1 },
	};
	struct growth_series s, t;

	(void)state;
	growth_series_init(&s, &r, 1000);
	assert_int_equal(s.shift, 6);
	assert_int_equal(s.growth[0], 5);
	assert_int_equal(verdict_of(&s), GROWTH_STEADY);
	growth_series_init(&s, &r, 6);
	growth_series_init(&t, &r, 6);
	t.growth[5] = 1;
	growth_series_add(&s, &t);
	assert_int_equal(s.growth[0], 2);
	assert_int_equal(verdict_of(&s), GROWTH_EVERY_PASS);
}

static void assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void rows_tell_how_many_passes_shrink(void **state)
{
	struct rkn_region r = {
		.buckets = RKN_REGION_BUCKETS,
		.least = -3,
		.most = 7,
		.values = { 1, -1, 2, -3 },
		.times = { 10, 5, 1, 2 },
		.others = 4,
		.other_least = -2,
	};
	struct growth_series s;

	(void)state;
	growth_series_init(&s, &r, 30);
	assert_int_equal(s.shrinking, 5 + 2 + 4);
	assert_int_equal(s.least, -3);
	assert_int_equal(s.most, 7);
	r.other_least = 0;
	growth_series_init(&s, &r, 30);
	assert_int_equal(s.shrinking, 5 + 2);
}

static void texts_tell_the_passes_that_count(void **state)
{
	static const int64_t few[] = PASSES(2, 0, -1);
	struct growth_series s = series_of(few);
	struct growth_judgement j = { GROWTH_EVERY_PASS, 10, 20 };

	(void)state;
	assert_text(growth_series_text(&s, WARMUP), "+2 0 -1");
	s = made_by(every_tenth, 64);
	assert_text(growth_series_text(&s, WARMUP),
		    "+1 0 0 +1 0 +1 0 0 +1 0 +1 0 0 +1 0 by 4 passes");
	assert_text(growth_rate_text(&j, "pass"), "+2 a pass");
	j.objects = 25;
	assert_text(growth_rate_text(&j, "run"), "+2.5 a run");
	j.objects = 2;
	assert_text(growth_rate_text(&j, "pass"), "+1 every 5 passes");
}

/* --- Recordings ----------------------------------------------------------------- */

/* A process with one type, "T", and a region "r" of some threads. */
struct scene {
	struct model m;
	char strings[6];
	struct rkn_name names[3];
	struct rkn_thread threads[8];
	struct rkn_stack stacks[1];
	struct rkn_frame frames[1];
	struct rkn_region regions[16];
	struct reading in;
	struct growth growth;
};

static struct scene *scene_open(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	memcpy(s->strings, "\0r\0T", 5);
	s->names[1].text = 1;
	s->names[2].text = 3;
	s->m = (struct model){
		.strings = s->strings,
		.strings_size = sizeof(s->strings),
		.names = s->names,
		.name_count = 3,
		.threads = s->threads,
		.thread_count = 8,
		.stacks = s->stacks,
		.stack_count = 1,
		.frames = s->frames,
		.frame_count = 1,
		.regions = s->regions,
	};
	return s;
}

/* `passes` passes of one thread, each of which leaves one T: so many the process
 * has more of them. */
static void add_thread(struct scene *s, uint32_t thread, unsigned passes,
		       int64_t more)
{
	struct rkn_region *r = &s->regions[s->m.region_count];

	s->m.region_count += 2;
	r[0] = (struct rkn_region){
		.name = 1,
		.thread = thread,
		.stack = RKN_NONE,
		.type = RKN_NONE,
		.begun = passes,
		.passes = passes,
		.made = passes,
		.buckets = RKN_REGION_BUCKETS,
		.after = more,
		.least = 1,
		.most = 1,
		.grown_until = passes,
	};
	for (unsigned i = 0; i < passes; i++)
		r[0].series[i] = 1;
	r[1] = r[0];
	r[1].type = 2;
	s->names[2].made += passes;
}

static const struct growth_region *judged(struct scene *s, const char *region)
{
	const char *const regions[] = { region };
	const struct growth_options o = { WARMUP, RUNS, region ? regions : NULL,
					  region ? 1 : 0 };

	reading_open(&s->in, &s->m, NULL);
	growth_make(&s->growth, &s->in, &o);
	assert_int_equal(s->growth.count, 1);
	return s->growth.list;
}

static void scene_close(struct scene *s)
{
	growth_release(&s->growth);
	reading_close(&s->in);
	free(s);
}

static void a_type_that_grows_is_a_row(void **state)
{
	struct scene *s = scene_open();
	const struct growth_region *r;

	(void)state;
	add_thread(s, 1, 6, 6);
	r = judged(s, NULL);
	assert_string_equal(r->name, "r");
	assert_int_equal(r->verdict, GROWTH_EVERY_PASS);
	assert_int_equal(r->count, 1);
	assert_string_equal(r->rows[0].type, "T");
	assert_string_equal(r->rows[0].series, "+1 +1 +1");
	assert_int_equal(r->rows[0].judgement.objects, 3);
	assert_true(growth_fails(r));
	scene_close(s);
}

static void what_others_freed_does_not_grow(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	add_thread(s, 1, 6, 1);
	assert_int_equal(judged(s, NULL)->verdict, GROWTH_STEADY);
	scene_close(s);
	/* Of the passes as a whole nothing is left. */
	s = scene_open();
	add_thread(s, 1, 6, 2);
	for (int i = 0; i < 2; i++) {
		s->regions[i].ended = 4;
		s->regions[i].series[0] = -3;
	}
	assert_int_equal(judged(s, NULL)->verdict, GROWTH_STEADY);
	scene_close(s);
}

static void of_threads_one_has_to_have_enough_passes(void **state)
{
	struct scene *s = scene_open();
	const struct growth_region *r;

	(void)state;
	add_thread(s, 1, 2, 2);
	add_thread(s, 2, 3, 3);
	r = judged(s, "r");
	assert_int_equal(r->verdict, GROWTH_TOO_FEW);
	assert_int_equal(r->passes, 5);
	assert_int_equal(r->threads, 2);
	assert_true(growth_fails(r));
	scene_close(s);
}

/* Six threads that made a pass each: `left` of the objects are alive. */
static struct scene *scene_of_threads(unsigned left)
{
	static struct rkn_block blocks[6];
	static struct rkn_object objects[7];
	struct scene *s = scene_open();

	for (uint32_t i = 0; i < 6; i++) {
		add_thread(s, i + 1, 1, (int64_t)i + 1);
		blocks[i] = (struct rkn_block){
			.address = 0x1000 + 64 * i,
			.size = 16,
			.thread = 1 + i,
		};
		objects[i + 1] = (struct rkn_object){
			.address = 0x1000 + 64 * i,
			.block = i,
			.type = 2,
		};
	}
	s->m.blocks = blocks;
	s->m.block_count = left;
	s->m.objects = objects;
	s->m.object_count = left + 1;
	s->m.meta.flags = RKN_META_SNAPSHOT;
	return s;
}

static void assert_judged(struct scene *s, enum growth_verdict verdict)
{
	assert_int_equal(judged(s, NULL)->verdict, verdict);
	scene_close(s);
}

static void of_threads_together_what_outlives_them_counts(void **state)
{
	struct scene *s;

	(void)state;
	assert_judged(scene_of_threads(3), GROWTH_EVERY_PASS);
	assert_judged(scene_of_threads(2), GROWTH_STEADY);
	s = scene_of_threads(3);
	s->threads[2].flags = RKN_THREAD_ALIVE;
	assert_judged(s, GROWTH_STEADY);
	s = scene_of_threads(3);
	s->m.meta.flags = 0; /* who is alive is not known */
	assert_judged(s, GROWTH_STEADY);
}

/* `passes` passes of one thread, numbers `first` to `last` of the process's, each
 * `every`-th of which leaves one T. */
static void add_ordered(struct scene *s, uint32_t thread, unsigned passes,
			unsigned every, uint64_t first, uint64_t last)
{
	size_t at = s->m.region_count;

	add_thread(s, thread, passes, 100);
	for (size_t i = at; i < at + 2; i++) {
		struct rkn_region *r = &s->regions[i];

		r->first = first;
		r->last = last;
		for (unsigned p = 0; p < passes; p++)
			r->series[p] = every && p % every == 0;
		r->made = every ? (passes + every - 1) / every : 0;
		r->least = 0;
		r->grown_until = every == 1 ? passes : 0;
	}
}

static void
a_thread_that_stopped_before_the_others_was_the_warm_up(void **state)
{
	struct scene *s = scene_open();
	const struct growth_region *r;

	(void)state;
	s->threads[1].tid = s->m.meta.pid = 77;
	add_ordered(s, 1, 16, 1, 1, 16);
	add_ordered(s, 2, 16, 0, 17, 32);
	r = judged(s, NULL);
	assert_int_equal(r->verdict, GROWTH_STEADY);
	assert_int_equal(r->stopped, 1);
	assert_int_equal(r->stopped_passes, 16);
	assert_int_equal(r->stopped_tid, 77);
	assert_true(r->stopped_is_main);
	scene_close(s);
	/* But not if it goes on beside them, */
	s = scene_open();
	s->threads[1].tid = 77;
	add_ordered(s, 1, 16, 1, 1, 31);
	add_ordered(s, 2, 16, 0, 2, 32);
	r = judged(s, NULL);
	assert_int_equal(r->verdict, GROWTH_EVERY_PASS);
	assert_int_equal(r->stopped, 0);
	assert_int_equal(r->rows[0].tid, 77);
	scene_close(s);
	/* nor if they have done less, */
	s = scene_open();
	add_ordered(s, 1, 16, 1, 1, 16);
	add_ordered(s, 2, 6, 0, 17, 22);
	assert_judged(s, GROWTH_EVERY_PASS);
	/* nor where the order is not known. */
	s = scene_open();
	add_ordered(s, 1, 16, 1, 0, 0);
	add_ordered(s, 2, 16, 0, 0, 0);
	assert_judged(s, GROWTH_EVERY_PASS);
}

/* Each leaves one in three passes, of too few to be judged by. */
static struct scene *scene_beside(bool at_once)
{
	struct scene *s = scene_open();

	for (uint32_t t = 1; t <= 7; t++)
		add_ordered(s, t, 10, 3, at_once ? t : t * 10 - 9,
			    at_once ? 63 + t : t * 10);
	return s;
}

static void threads_are_judged_side_by_side(void **state)
{
	static struct rkn_block blocks[32];
	static struct rkn_object objects[33];
	struct scene *s;

	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		blocks[i] = (struct rkn_block){ .address = 0x1000 + 64 * i,
						.size = 16,
						.thread = 1 + i % 7 };
		objects[i + 1] = (struct rkn_object){
			.address = 0x1000 + 64 * i, .block = i, .type = 2
		};
	}
	for (int at_once = 0; at_once < 2; at_once++) {
		s = scene_beside(at_once);
		s->m.meta.flags = RKN_META_SNAPSHOT;
		s->m.blocks = blocks;
		s->m.block_count = 32;
		s->m.objects = objects;
		s->m.object_count = 33;
		assert_judged(s, GROWTH_PERIODIC);
	}
	/* What threads that have ended took with them is no growth. */
	s = scene_beside(false);
	s->m.meta.flags = RKN_META_SNAPSHOT;
	assert_judged(s, GROWTH_STEADY);
	/* A cache that all fill at first is none either. */
	s = scene_open();
	for (uint32_t t = 1; t <= 7; t++) {
		add_ordered(s, t, 10, 0, t, 63 + t);
		s->regions[2 * t - 1].made = 4;
		for (int i = 0; i < 4; i++)
			s->regions[2 * t - 1].series[i] = 1;
	}
	assert_judged(s, GROWTH_STEADY);
}

static void regions_that_are_not_known_are_not_green(void **state)
{
	struct scene *s = scene_open();
	const struct growth_region *r;

	(void)state;
	add_thread(s, 1, 6, 1);
	s->regions[1].buckets = 0; /* of an older recording */
	r = judged(s, NULL);
	assert_int_equal(r->verdict, GROWTH_STEADY);
	assert_true(r->lost);
	assert_true(growth_fails(r));
	scene_close(s);

	s = scene_open();
	add_thread(s, 1, 6, 1);
	s->m.limits[RKN_LIMIT_REGIONS_FULL] = 1;
	assert_true(growth_fails(judged(s, NULL)));
	scene_close(s);

	s = scene_open();
	add_thread(s, 1, 6, 1);
	r = judged(s, "other");
	assert_string_equal(r->name, "other");
	assert_int_equal(r->verdict, GROWTH_TOO_FEW);
	assert_int_equal(r->passes, 0);
	scene_close(s);
}

/* --- Several processes ------------------------------------------------------------ */

static void processes_are_judged_by_themselves(void **state)
{
	struct steady all = { .noun = "pass" };
	struct scene *few = scene_open(), *enough = scene_open();

	(void)state;
	assert_false(steady_is(&all));
	add_thread(few, 1, 2, 2);
	judged(few, NULL);
	steady_add(&all, &few->growth);
	assert_false(steady_is(&all));
	add_thread(enough, 1, 6, 1);
	judged(enough, NULL);
	steady_add(&all, &enough->growth);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.list[0].passes, 8);
	assert_true(steady_is(&all));
	reading_close(&few->in);
	judged(few, NULL);
	steady_add(&all, &few->growth);
	assert_true(steady_is(&all));
	steady_release(&all);
	scene_close(few);
	scene_close(enough);
}

static void amounts_stand_for_braces(void **state)
{
	const char *none[] = { "prog", "{ }", NULL };
	const char *some[] = { "prog", "range({}, {}{})", "{}", NULL };
	const char **with;

	(void)state;
	assert_false(repeat_runs_asked(none));
	assert_true(repeat_runs_asked(some));
	with = repeat_runs_arguments(some, 12345);
	assert_string_equal(with[0], "prog");
	assert_string_equal(with[1], "range(12345, 1234512345)");
	assert_string_equal(with[2], "12345");
	assert_null(with[3]);
	free(with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cpython_calls_a_leak_is_one),
		cmocka_unit_test(too_few_passes_are_told),
		cmocka_unit_test(each_third_of_nine_passes_has_to_grow),
		cmocka_unit_test(growth_without_end_is_found_at_any_length),
		cmocka_unit_test(what_ends_or_comes_back_is_none),
		cmocka_unit_test(no_wave_of_any_length_grows),
		cmocka_unit_test(leaks_of_any_period_are_found),
		cmocka_unit_test(
		    one_pass_that_does_not_grow_is_seen_in_buckets),
		cmocka_unit_test(rows_that_lag_are_brought_up_to_date),
		cmocka_unit_test(rows_tell_how_many_passes_shrink),
		cmocka_unit_test(texts_tell_the_passes_that_count),
		cmocka_unit_test(a_type_that_grows_is_a_row),
		cmocka_unit_test(what_others_freed_does_not_grow),
		cmocka_unit_test(of_threads_one_has_to_have_enough_passes),
		cmocka_unit_test(of_threads_together_what_outlives_them_counts),
		cmocka_unit_test(
		    a_thread_that_stopped_before_the_others_was_the_warm_up),
		cmocka_unit_test(threads_are_judged_side_by_side),
		cmocka_unit_test(regions_that_are_not_known_are_not_green),
		cmocka_unit_test(processes_are_judged_by_themselves),
		cmocka_unit_test(amounts_stand_for_braces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
