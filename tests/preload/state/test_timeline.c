/* SPDX-License-Identifier: MIT */
/*
 * How the timeline is thinned: by any series, and in a store, which the environment
 * has this test begin (see meson.build).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"
#include "store.h"
#include "thread.h"
#include "timeline.h"

#define MOST   1024u
#define COST   1000000u /* ns */
#define SERIES 2000

static struct rkn_point points[MOST];
static bool keep[MOST];

/* Steps of any size, of which each measure has some that are large. */
static uint64_t step(void)
{
	return (uint64_t)rand() % 100 >> rand() % 8 << (rand() % 50 ? 0 : 20);
}

static void make_series(uint32_t count)
{
	memset(points, 0, sizeof(points));
	for (uint32_t i = 1; i < count; i++) {
		struct rkn_point *p = &points[i];
		uint64_t n = step();

		*p = p[-1];
		p->time_ns += step();
		p->births += step();
		p->allocated_bytes += n;
		p->bytes += n;
		n = step();
		p->bytes -= n < p->bytes ? n : p->bytes;
	}
}

static uint64_t volume(const struct rkn_point *p)
{
	return 2 * p->allocated_bytes - p->bytes;
}

/* Is what was left out behind point `last` near to it? */
static void assert_near(uint32_t last, uint32_t i,
			const struct timeline_step *far)
{
	const struct rkn_point *a = &points[last], *b = &points[i];

	assert_true(b->time_ns - a->time_ns < far->time_ns);
	assert_true(b->births - a->births < far->births);
	assert_true(volume(b) - volume(a) < far->volume);
}

static void any_series_is_thinned(void **state)
{
	unsigned thinned = 0;

	(void)state;
	srand(1);
	for (unsigned n = 0; n < SERIES; n++) {
		const uint32_t count = 2 + (uint32_t)rand() % (MOST - 1);
		const uint32_t most = n % 2 ? 16 : MOST / 2;
		struct timeline_step far;
		uint32_t kept, seen = 0, last = 0;

		make_series(count);
		memset(keep, 2, sizeof(keep));
		kept = timeline_choose(points, sizeof(*points), count, most,
				       &far, keep);
		assert_true(kept <= most || kept == 2);
		assert_true(keep[0] && keep[count - 1]);
		for (uint32_t i = 0; i < count; i++) {
			seen += keep[i];
			if (keep[i])
				last = i;
			else
				assert_near(last, i, &far);
		}
		assert_int_equal(seen, kept);
		thinned += kept < count;
	}
	assert_true(thinned > SERIES / 2);
}

/* A burst of births, and then time with few. */
static void neither_measure_hides_another(void **state)
{
	struct timeline_step far;
	uint32_t late = 0, kept;

	(void)state;
	memset(points, 0, sizeof(points));
	for (uint32_t i = 1; i < MOST; i++) {
		const bool burst = i < MOST / 2;

		points[i].time_ns = points[i - 1].time_ns + (burst ? 1 : 1000);
		points[i].births = points[i - 1].births + (burst ? 1000 : 1);
	}
	kept = timeline_choose(points, sizeof(*points), MOST, MOST / 2, &far,
			       keep);
	for (uint32_t i = MOST / 2; i < MOST; i++)
		late += keep[i];
	assert_in_range(late, 170, kept - 170);
}

/* One measure after another, in as many steps as the list may have halves. */
static void the_worst_series_is_no_exception(void **state)
{
	const uint32_t third = MOST / 4 - 6;
	struct timeline_step far;

	(void)state;
	memset(points, 0, sizeof(points));
	for (uint32_t i = 1; i <= 3 * third; i++) {
		points[i] = points[i - 1];
		if (i <= third)
			points[i].time_ns += 1000;
		else if (i <= 2 * third)
			points[i].births += 1000;
		else
			points[i].allocated_bytes += 1000;
	}
	assert_in_range(timeline_choose(points, sizeof(*points), 3 * third + 1,
					MOST / 2, &far, keep),
			MOST / 8, MOST / 2);
}

static const struct rkn_point *list(uint32_t *count)
{
	const uint32_t word = store.header->points;

	*count = word & ~STORE_LIST_SECOND;
	return store_record(STORE_POINTS,
			    word & STORE_LIST_SECOND ? STORE_POINTS_MOST : 0);
}

#define TAKEN 20000u
#define SPIKE 777u
#define HIGH  (1ll << 40)

/* The list is thinned many times; who reads it has it in order, and extremes
 * between two points stay. */
static void a_store_keeps_order_and_extremes(void **state)
{
	const struct rkn_point *p;
	uint64_t most = 0, least = HIGH, at = 0;
	uint32_t count = 0, highest = 0;

	(void)state;
	assert_non_null(thread_enter(NULL));
	timeline_reset();
	store.header->points = 0;
	for (uint32_t i = 1; i <= TAKEN; i++) {
		if (i == SPIKE)
			timeline_look(1000ull * i, HIGH);
		if (i == 2 * SPIKE)
			timeline_look(1000ull * i, 5);
		timeline_look(1000ull * i, 1000 + i);
		timeline_take(1000ull * i, 1000 + i);
		p = list(&count);
		assert_in_range(count, 1, STORE_POINTS_MOST);
		highest = count > highest ? count : highest;
		assert_int_equal(p[count - 1].births, 1000ull * i);
	}
	assert_true(highest > STORE_POINTS_MOST / 2);
	assert_true(count > 100);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(!i || p[i].time_ns >= p[i - 1].time_ns);
		assert_true(!i || p[i].births > p[i - 1].births);
		assert_true(p[i].least <= p[i].bytes &&
			    p[i].bytes <= p[i].most);
		if (p[i].least < least)
			least = p[i].least;
		if (p[i].most > most) {
			most = p[i].most;
			at = p[i].births;
		}
	}
	assert_int_equal(most, HIGH);
	assert_true(at >= 1000ull * SPIKE);
	assert_int_equal(least, 5);
}

/* As two threads may leave it of which one was stopped for long. */
static void a_count_beyond_the_list_is_mended(void **state)
{
	uint32_t count;

	(void)state;
	store.header->points = (store.header->points & STORE_LIST_SECOND) |
			       (STORE_POINTS_MOST + 3);
	timeline_take(1000ull * (TAKEN + 1), 1000);
	list(&count);
	assert_in_range(count, STORE_POINTS_MOST / 8, STORE_POINTS_MOST);
}

/* The clock of key frames and points; 0: the machine's. Each look costs. */
static uint64_t clock_now;

uint64_t __real_ticks_exact(void);
uint64_t __wrap_ticks_exact(void);
uint64_t __wrap_ticks_exact(void)
{
	return clock_now ? clock_now += COST : __real_ticks_exact();
}

/* However much happens, the next key frame is not before 64 times what one cost. */
static void key_frames_take_a_64th_of_the_time(void **state)
{
	const struct rkn_key *k;
	uint32_t word;

	(void)state;
	timeline_reset();
	store.header->points = store.header->keys = 0;
	clock_now = __real_ticks_exact() + 1000000000;
	for (uint64_t i = 1; i <= 300; i++) {
		clock_now += COST;
		timeline_take(1000000 * i, 1000);
	}
	clock_now = 0;
	word = store.header->keys;
	k = store_record(STORE_KEYS,
			 word & STORE_LIST_SECOND ? STORE_KEYS_MOST : 0);
	word &= ~STORE_LIST_SECOND;
	assert_in_range(word, 5, STORE_KEYS_MOST);
	for (uint32_t i = 1; i < word; i++)
		assert_true(k[i].point.time_ns - k[i - 1].point.time_ns >=
			    64 * COST);
}

static int setup(void **state)
{
	(void)state;
	return process_ready() ? unlink(store.path) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_series_is_thinned),
		cmocka_unit_test(neither_measure_hides_another),
		cmocka_unit_test(the_worst_series_is_no_exception),
		cmocka_unit_test(a_store_keeps_order_and_extremes),
		cmocka_unit_test(a_count_beyond_the_list_is_mended),
		cmocka_unit_test(key_frames_take_a_64th_of_the_time),
	};

	return cmocka_run_group_tests_name("timeline", tests, setup, NULL);
}
