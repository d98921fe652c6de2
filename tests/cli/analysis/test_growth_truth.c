/* SPDX-License-Identifier: MIT */
/*
 * Series of passes by chance, of which it is known whether they grow for ever:
 * how many of each kind the rules find, and how many they wrongly find. Seeds
 * are fixed, so that each run has the same series.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "growth_series.h"

enum { WARMUP = 3, RUNS = 3, SEEDS = 200, MOST_KEYS = 4096 };

static const unsigned lengths[] = { 60, 150, 400, 600, 1000, 4000 };
#define LENGTHS (sizeof(lengths) / sizeof(*lengths))

/* --- Chance -------------------------------------------------------------------- */

static uint64_t state;

/* 0 .. n-1; splitmix64. */
static int64_t chance(uint64_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (int64_t)((z ^ z >> 31) % n);
}

static int64_t between(int64_t least, int64_t most)
{
	return least + chance((uint64_t)(most - least + 1));
}

/* What one series remembers. */
static struct world {
	int64_t n;       /* passes in all */
	int64_t a, b, c; /* chosen at the start, by kind */
	int64_t level, next;
	bool there[MOST_KEYS];
} w;

static int64_t to_level(int64_t level)
{
	int64_t growth = level - w.level;

	w.level = level;
	return growth;
}

/* A triangle of height `a` and period `b`. */
static int64_t triangle(int64_t i)
{
	int64_t at = i % w.b;

	return (at * 2 < w.b ? at : w.b - at) * 2 * w.a / w.b;
}

/* --- What grows ------------------------------------------------------------------ */

/* 0 to a in each pass. */
static int64_t by_chance_many(int64_t i)
{
	if (!i)
		w.a = between(2, 30);
	return between(0, w.a);
}

/* Gains of 1 to a; each b-th pass gives back a part of what b of them gain. */
static int64_t with_returns(int64_t i)
{
	if (!i) {
		w.a = between(3, 40);
		w.b = between(5, w.n / 8);
		w.c = w.a * w.b / between(3, 8);
	}
	return between(1, w.a) - (i % w.b == w.b - 1 ? w.c : 0);
}

/* One of b passes, by chance; b at most a thirtieth of them. */
static int64_t one_of_some(int64_t i)
{
	if (!i)
		w.b = between(2, w.n / 30 > 2 ? w.n / 30 : 2);
	return !chance((uint64_t)w.b);
}

/* Each b-th pass. */
static int64_t each_of_some(int64_t i)
{
	if (!i)
		w.b = between(2, w.n / 10);
	return i % w.b == w.b / 2;
}

/* A queue of up to a beside a leak of 8 a in all. */
static int64_t behind_a_queue(int64_t i)
{
	if (!i)
		w.a = between(2, w.n / 8);
	w.next += chance((uint64_t)w.n) < 8 * w.a;
	return to_level(w.next + between(0, w.a));
}

/* Days and nights beside a leak of four times their height. */
static int64_t behind_seasons(int64_t i)
{
	if (!i) {
		w.a = between(5, 50);
		w.b = w.n / between(4, 12);
	}
	return to_level(triangle(i) + 4 * w.a * i / w.n);
}

/* A cache that fills up in the first third, beside a leak. */
static int64_t behind_a_cache(int64_t i)
{
	if (!i) {
		w.a = between(2, 20);
		w.b = between(w.n / 20, w.n / 4);
	}
	return (i < w.b ? w.a : 0) + between(0, 2);
}

/* --- What does not ---------------------------------------------------------------- */

/* A cache of a keys that come by chance, a at most half of the passes. */
static int64_t cache(int64_t i)
{
	int64_t key;

	if (!i) {
		w.a = between(5, w.n / 2);
		w.a = w.a < MOST_KEYS ? w.a : MOST_KEYS;
	}
	key = chance((uint64_t)w.a);
	if (w.there[key])
		return 0;
	return w.there[key] = true;
}

/* Some keys come more often than others. */
static int64_t cache_of_favourites(int64_t i)
{
	int64_t key;

	if (!i) {
		w.a = between(5, w.n / 6);
		w.a = w.a < MOST_KEYS ? w.a : MOST_KEYS;
	}
	key = chance((uint64_t)(1 + chance((uint64_t)w.a)));
	if (w.there[key])
		return 0;
	return w.there[key] = true;
}

/* Up to b are cached, then c of them are dropped. */
static int64_t cache_that_evicts(int64_t i)
{
	int64_t level;

	if (!i) {
		w.a = between(1, 9);
		w.b = w.a * between(4, w.n / 6);
		w.c = between(1, w.b);
	}
	level = w.level + between(0, w.a);
	return to_level(level > w.b ? level - w.c : level);
}

/* Up or down, between 0 and a. */
static int64_t bounded_walk(int64_t i)
{
	int64_t level;

	if (!i) {
		for (w.a = 3; w.a * w.a < w.n / 4;)
			w.a++;
		w.a = between(2, w.a);
	}
	level = w.level + between(-1, 1);
	return to_level(level < 0 ? 0 : level > w.a ? w.a : level);
}

/* A queue that is a quarter emptied in each pass. */
static int64_t queue(int64_t i)
{
	if (!i)
		w.a = between(2, 100);
	return to_level(w.level - w.level / 4 + between(0, w.a));
}

/* More whenever a times (in hundredths) as much is needed. */
static int64_t factor(int64_t i)
{
	if (!i) {
		w.a = between(125, 300);
		w.next = between(1, 8);
	}
	if (i < w.next)
		return 0;
	w.next = w.next * w.a / 100 + 1;
	return 1;
}

/* The same, and a block as large as all before. */
static int64_t factor_of_entries(int64_t i)
{
	int64_t before = w.next;
	int64_t one = factor(i);

	return one ? w.next - before : 0;
}

/* One to three steps, whenever. */
static int64_t steps(int64_t i)
{
	if (!i)
		w.a = between(1, 3);
	if (w.b == w.a || chance((uint64_t)w.n) >= 2 * w.a)
		return 0;
	w.b++;
	return between(1, 100);
}

/* Fills by 0 to a, and stops after up to nine tenths. */
static int64_t fills_and_stops(int64_t i)
{
	if (!i) {
		w.a = between(1, 30);
		w.b = between(w.n / 10, w.n * 9 / 10);
	}
	return i < w.b ? between(0, w.a) : 0;
}

/* Each pool's chunk is used up before the next; enough after nine tenths. */
static int64_t pool(int64_t i)
{
	if (!i) {
		w.a = between(2, 10);
		w.b = between(w.n / 10, w.n * 8 / 10);
	}
	return i < w.b && i % w.a == 0 ? 16 : 0;
}

/* Days and nights, two at least. */
static int64_t seasons(int64_t i)
{
	if (!i) {
		w.a = between(5, 200);
		w.b = w.n / between(2, 20);
	}
	return to_level(triangle(i) + between(0, w.a / 5));
}

/* a times the logarithm of the pass. */
static int64_t logarithm(int64_t i)
{
	if (!i)
		w.a = between(1, w.n / 4);
	w.next += 1024 * w.a / (i + 1);
	return to_level(w.next / 1024);
}

static const struct kind {
	const char *name;
	int64_t (*growth)(int64_t pass);
	bool grows;
	unsigned permille; /* least that are found, most that wrongly are */
} kinds[] = {
	{ "many by chance", by_chance_many, true, 950 },
	{ "gains with returns", with_returns, true, 930 },
	{ "one of some passes", one_of_some, true, 860 },
	{ "each of some passes", each_of_some, true, 990 },
	{ "behind a queue", behind_a_queue, true, 850 },
	{ "behind seasons", behind_seasons, true, 650 },
	{ "behind a cache", behind_a_cache, true, 530 },
	{ "cache", cache, false, 5 },
	{ "cache of favourites", cache_of_favourites, false, 10 },
	{ "cache that evicts", cache_that_evicts, false, 10 },
	{ "bounded walk", bounded_walk, false, 2 },
	{ "queue", queue, false, 2 },
	{ "factor", factor, false, 2 },
	{ "factor of entries", factor_of_entries, false, 15 },
	{ "steps", steps, false, 2 },
	{ "fills and stops", fills_and_stops, false, 5 },
	{ "pool", pool, false, 2 },
	{ "seasons", seasons, false, 2 },
	{ "logarithm", logarithm, false, 2 },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static bool is_found(const struct kind *k, unsigned passes, unsigned seed)
{
	struct growth_series s = { .run_known = true };

	w = (struct world){ .n = passes };
	state = (uint64_t)(k - kinds) << 40 | (uint64_t)passes << 20 | seed;
	for (unsigned i = 0; i < passes; i++)
		growth_series_push(&s, k->growth(i));
	return growth_series_judge(&s, WARMUP, RUNS).verdict >= GROWTH_PERIODIC;
}

static unsigned found_of(const struct kind *k)
{
	unsigned found = 0, all = 0;

	print_message("%-20s %s", k->name, k->grows ? "grows " : "bounded");
	for (size_t l = 0; l < LENGTHS; l++) {
		for (unsigned seed = 0; seed < SEEDS; seed++)
			found += is_found(k, lengths[l], seed);
		print_message(" %4u", found - all);
		all = found;
	}
	found = found * 1000 / (SEEDS * LENGTHS);
	print_message("  %u permille\n", found);
	return found;
}

static void the_truth_of_series_by_chance_is_told(void **unused)
{
	bool wrong = false;

	(void)unused;
	for (size_t i = 0; i < KINDS; i++) {
		unsigned found = found_of(&kinds[i]);

		wrong |= kinds[i].grows ? found < kinds[i].permille
					: found > kinds[i].permille;
	}
	assert_false(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_of_series_by_chance_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
