/* SPDX-License-Identifier: MIT */
/* Retained sizes against their definition: take blocks away, and look at what is
 * not reached any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "holding.h"
#include "number_sets.h"
#include "retained.h"
#include "root_pairs.h"
#include "scene.h"

#define MOST   24 /* blocks of a random heap */
#define LABELS 200
#define PART   32 /* bytes of each half of a block with parts */
#define HEAPS  4000

static struct scene s;
static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* --- The definition ------------------------------------------------------------- */

/* A heap, and which of its pointers are references. */
struct heap {
	uint32_t label[MOST];
	struct retained_part parts[2 * MOST];
	size_t part_count;
	uint32_t blocks;
	bool weak[MOST][MOST]; /* pointers from the one to the other */
};

static uint32_t part_label(const struct heap *h, uint32_t block,
			   uint64_t offset)
{
	for (size_t i = 0; i < h->part_count; i++)
		if (h->parts[i].block == block && offset >= h->parts[i].start &&
		    offset < h->parts[i].end)
			return h->parts[i].label;
	return RETAINED_NONE;
}

/* Adds to `reached` what it leads to, not over blocks or parts of `without`. */
static void spread(const struct heap *h, bool *reached, uint32_t without,
		   const bool *within)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < s.m.edge_count; i++) {
			uint32_t from = s.edges[i].from, to = s.edges[i].to;
			uint64_t offset = 8ull * s.edges[i].from_word;

			if (!reached[from] || reached[to] ||
			    h->weak[from][to] || (within && !within[to]))
				continue;
			if (without != RETAINED_NONE &&
			    (h->label[to] == without ||
			     part_label(h, from, offset) == without))
				continue;
			reached[to] = true;
			more = true;
		}
	}
}

static void from_roots(const struct heap *h, bool *reached, uint32_t without)
{
	memset(reached, 0, MOST * sizeof(*reached));
	for (size_t i = 0; i < s.m.root_count; i++) {
		uint32_t b = s.m.roots[i].block;

		if (without == RETAINED_NONE || h->label[b] != without)
			reached[b] = true;
	}
	spread(h, reached, without, NULL);
}

/* Ways to what is lost begin at blocks that lead to all that lead to them, unless
 * one that leads there is of `without`. */
static void from_lost(const struct heap *h, const bool *lost, bool *reached,
		      uint32_t without)
{
	bool to[MOST][MOST] = { 0 };

	for (uint32_t b = 0; b < h->blocks; b++) {
		to[b][b] = lost[b];
		if (lost[b])
			spread(h, to[b], RETAINED_NONE, lost);
	}
	memset(reached, 0, MOST * sizeof(*reached));
	for (uint32_t b = 0; b < h->blocks; b++) {
		bool entry = lost[b];

		for (uint32_t a = 0; a < h->blocks; a++)
			if (to[a][b] &&
			    (!to[b][a] || (without != RETAINED_NONE &&
					   h->label[a] == without)))
				entry = false;
		reached[b] = entry;
	}
	spread(h, reached, without, lost);
}

static struct retained_sum expected(const struct heap *h, uint32_t label)
{
	bool kept[MOST], lost[MOST] = { 0 }, alive[MOST], left[MOST];
	struct retained_sum sum = { 0 };

	from_roots(h, kept, RETAINED_NONE);
	from_roots(h, alive, label);
	for (uint32_t b = 0; b < h->blocks; b++)
		lost[b] = !kept[b];
	from_lost(h, lost, left, label);
	for (uint32_t b = 0; b < h->blocks; b++) {
		if (alive[b] || left[b])
			continue;
		sum.objects++;
		sum.bytes += s.blocks[b].size;
	}
	for (size_t i = 0; i < h->part_count; i++)
		if (h->parts[i].label == label &&
		    (alive[h->parts[i].block] || left[h->parts[i].block])) {
			sum.objects++;
			sum.bytes += PART;
		}
	return sum;
}

/* --- Random heaps ------------------------------------------------------------------ */

static void make_heap(struct heap *h)
{
	uint32_t stack, edges;
	uint32_t labels = 1 + random_below(random_below(2) ? 6 : LABELS);

	memset(h, 0, sizeof(*h));
	scene_init(&s);
	stack = scene_in(&s, "a");
	h->blocks = 1 + random_below(MOST);
	for (uint32_t b = 0; b < h->blocks; b++) {
		scene_block(&s, stack, 2 * PART);
		s.blocks[b].size += b * 1000; /* no two sums are alike */
		h->label[b] =
		    random_below(4) ? random_below(labels) : RETAINED_NONE;
		if (random_below(5) || h->label[b] != RETAINED_NONE)
			continue;
		for (uint32_t i = 0; i < 2; i++)
			h->parts[h->part_count++] =
			    (struct retained_part){ i * PART, (i + 1) * PART, b,
						    random_below(3)
							? random_below(labels)
							: RETAINED_NONE };
	}
	edges = random_below(3 * h->blocks);
	for (uint32_t i = 0; i < edges; i++)
		scene_edge(&s, random_below(h->blocks), 8 * random_below(8),
			   random_below(h->blocks), 8 * random_below(2));
	for (uint32_t i = random_below(6); i-- > 0;)
		scene_root(&s, random_below(h->blocks), 8 * random_below(2));
	if (random_below(2))
		return;
	for (uint32_t b = 0; b < h->blocks; b++)
		scene_object(&s, b, 0, "Object", 1);
	for (uint32_t to = 0; to < h->blocks; to++)
		for (uint32_t from = 0; from < h->blocks; from++) {
			h->weak[from][to] = !random_below(30) &&
					    s.m.reference_count < SCENE_MOST;
			if (h->weak[from][to])
				scene_reference(&s, to + 1, from + 1, "field")
				    ->kind = RKN_REFERENCE_WEAK;
		}
}

static void check_labels(const struct heap *h, uint32_t room)
{
	struct retained_sum sums[LABELS];
	struct retained_labels l = { .count = LABELS,
				     .of_block = h->label,
				     .parts = h->parts,
				     .part_count = h->part_count,
				     .room = room };
	struct holding holding;

	memset(sums, 0xff, sizeof(sums));
	holding_open(&holding, &s.m, NULL);
	retained_by_label(sums, &holding, &l);
	holding_close(&holding);
	for (uint32_t label = 0; label < LABELS; label++) {
		struct retained_sum sum = expected(h, label);

		assert_int_equal(sums[label].objects, sum.objects);
		assert_int_equal(sums[label].bytes, sum.bytes);
	}
}

static void a_label_retains_what_is_not_reached_without_it(void **state)
{
	struct heap h;

	(void)state;
	for (uint64_t i = 0; i < HEAPS; i++) {
		seed = i;
		make_heap(&h);
		/* With so little room all rounds have the fewest labels. */
		check_labels(&h, i % 4 ? 0 : 1 + (uint32_t)i % 8);
	}
}

/* Rings in which each block points at both neighbours, with roots anywhere. */
static void rings_settle(void **state)
{
	struct heap h = { .blocks = MOST };
	uint32_t stack;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		seed = i;
		scene_init(&s);
		stack = scene_in(&s, "a");
		for (uint32_t b = 0; b < MOST; b++) {
			scene_block(&s, stack, 10 + b);
			h.label[b] = random_below(6);
		}
		for (uint32_t b = 1; b < MOST; b++) {
			scene_edge(&s, b, 0, 1 + b % (MOST - 1), 0);
			scene_edge(&s, 1 + b % (MOST - 1), 8, b, 0);
		}
		for (int k = 0; k < 3; k++)
			scene_edge(&s, 0, 8ull * (unsigned)k,
				   1 + random_below(MOST - 1), 0);
		scene_root(&s, 0, 0);
		if (i % 2)
			scene_root(&s, 1 + random_below(MOST - 1), 0);
		check_labels(&h, 0);
	}
}

/* --- What is declared ------------------------------------------------------------------ */

static struct retained_sum retained_of(struct heap *h, uint32_t block)
{
	struct retained_sum sum;
	struct retained_labels l = { .count = 1, .of_block = h->label };
	struct holding holding;

	for (uint32_t b = 0; b < MOST; b++)
		h->label[b] = b == block ? 0 : RETAINED_NONE;
	holding_open(&holding, &s.m, NULL);
	retained_by_label(&sum, &holding, &l);
	holding_close(&holding);
	return sum;
}

static void what_is_declared_weak_retains_nothing(void **state)
{
	struct heap h = { 0 };
	uint32_t stack, owner, cache, to;

	(void)state;
	scene_init(&s);
	stack = scene_in(&s, "a");
	for (int b = 0; b < 3; b++)
		scene_block(&s, stack, 10);
	owner = scene_object(&s, 0, 0, "Owner", 1);
	cache = scene_object(&s, 1, 0, "Cache", 1);
	to = scene_object(&s, 2, 0, "Entry", 1);
	scene_edge(&s, 0, 0, 2, 0);
	scene_edge(&s, 1, 0, 2, 0);
	scene_root(&s, 0, 0);
	scene_root(&s, 1, 0);
	scene_reference(&s, to, owner, "entry");
	assert_int_equal(retained_of(&h, 0).bytes, 10);
	scene_reference(&s, to, cache, "entry")->kind = RKN_REFERENCE_WEAK;
	assert_int_equal(retained_of(&h, 0).bytes, 20);
	assert_int_equal(retained_of(&h, 1).bytes, 10);
	/* And what only weak pointers lead to is kept by itself. */
	s.references[0].kind = RKN_REFERENCE_WEAK;
	assert_int_equal(retained_of(&h, 0).bytes, 10);
	assert_int_equal(retained_of(&h, 2).bytes, 10);
}

static void a_reference_without_a_pointer_retains(void **state)
{
	struct heap h = { 0 };
	uint32_t stack, owner, to;

	(void)state;
	scene_init(&s);
	stack = scene_in(&s, "a");
	for (int b = 0; b < 2; b++)
		scene_block(&s, stack, 10);
	owner = scene_object(&s, 0, 0, "Owner", 1);
	to = scene_object(&s, 1, 0, "Entry", 1);
	scene_root(&s, 0, 0);
	assert_int_equal(retained_of(&h, 0).bytes, 10);
	scene_reference(&s, to, owner, "entry");
	assert_int_equal(retained_of(&h, 0).bytes, 20);
}

static void objects_of_a_block_are_counted(void **state)
{
	uint32_t label = 0, objects = 3;
	struct retained_sum sum;
	struct retained_labels l = { .count = 1,
				     .of_block = &label,
				     .objects = &objects };
	struct holding holding;

	(void)state;
	scene_init(&s);
	scene_block(&s, scene_in(&s, "a"), 10);
	holding_open(&holding, &s.m, NULL);
	retained_by_label(&sum, &holding, &l);
	holding_close(&holding);
	assert_int_equal(sum.objects, 3);
	assert_int_equal(sum.bytes, 10);
}

static void an_empty_heap_retains_nothing(void **state)
{
	struct retained_sum sum = { 1, 1 };
	struct retained_labels l = { .count = 1 };
	struct holding holding;

	(void)state;
	scene_init(&s);
	holding_open(&holding, &s.m, NULL);
	retained_by_label(&sum, &holding, &l);
	holding_close(&holding);
	assert_int_equal(sum.objects, 0);
	assert_int_equal(sum.bytes, 0);
}

/* --- Roots ------------------------------------------------------------------------------ */

#define ROOTS 5

static void blocks_have_the_roots_that_lead_to_them(void **state)
{
	uint32_t of_root[SCENE_MOST];
	struct root_pair pairs[MOST];
	struct holding holding;
	struct heap h;

	(void)state;
	for (uint64_t i = 0; i < HEAPS; i++) {
		bool reached[ROOTS][MOST] = { 0 };

		seed = i;
		make_heap(&h);
		for (size_t r = 0; r < s.m.root_count; r++) {
			of_root[r] = random_below(ROOTS);
			reached[of_root[r]][s.roots[r].block] = true;
		}
		for (uint32_t k = 0; k < ROOTS; k++)
			spread(&h, reached[k], RETAINED_NONE, NULL);
		holding_open(&holding, &s.m, NULL);
		root_pairs_find(pairs, &holding, of_root);
		holding_close(&holding);
		for (uint32_t b = 0; b < h.blocks; b++) {
			uint32_t one = ROOT_PAIR_NONE, other = one;
			int count = 0;

			for (uint32_t k = ROOTS; k-- > 0;)
				if (reached[k][b]) {
					other = one;
					one = k;
					count++;
				}
			if (count > 2)
				assert_int_equal(pairs[b].other,
						 ROOT_PAIR_MORE);
			else
				assert_true(pairs[b].one == one &&
					    pairs[b].other == other);
		}
	}
}

/* --- Sets --------------------------------------------------------------------------------- */

#define NUMBERS 1000
#define SETS    300

static void sets_that_are_equal_are_one(void **state)
{
	static bool has[SETS][NUMBERS];
	static uint64_t by_number[1024];
	uint32_t set[SETS] = { 0 };
	struct number_sets sets;
	uint64_t *by_set;

	(void)state;
	seed = 1;
	memset(has, 0, sizeof(has));
	number_sets_init(&sets, NUMBERS, UINT32_MAX);
	for (uint32_t i = 0; i < SETS; i++) {
		uint32_t a = random_below(i + 1), b = random_below(i + 1);

		if (i && i % 3 == 0) {
			set[i] = number_sets_meet(&sets, set[a], set[b]);
			for (uint32_t n = 0; n < NUMBERS; n++)
				has[i][n] = has[a][n] && has[b][n];
			continue;
		}
		set[i] = i ? set[a] : 0;
		memcpy(has[i], has[a], sizeof(has[i]));
		for (uint32_t k = random_below(40); k-- > 0;) {
			uint32_t n = random_below(NUMBERS);

			set[i] = number_sets_add(&sets, set[i], n);
			has[i][n] = true;
		}
	}
	assert_false(sets.full);
	by_set = calloc(sets.count, sizeof(*by_set));
	assert_non_null(by_set);
	for (uint32_t i = 0; i < SETS; i++) {
		for (uint32_t n = 0; n < NUMBERS; n++)
			assert_int_equal(number_sets_has(&sets, set[i], n),
					 has[i][n]);
		for (uint32_t k = 0; k < i; k++)
			assert_int_equal(
			    set[k] == set[i],
			    !memcmp(has[k], has[i], sizeof(has[i])));
		by_set[set[i]] += i;
	}
	number_sets_spread(&sets, by_set, by_number);
	for (uint32_t n = 0; n < NUMBERS; n++) {
		uint64_t sum = 0;

		for (uint32_t i = 0; i < SETS; i++)
			sum += has[i][n] ? i : 0;
		assert_int_equal(by_number[n], sum);
	}
	free(by_set);
	number_sets_release(&sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_label_retains_what_is_not_reached_without_it),
		cmocka_unit_test(rings_settle),
		cmocka_unit_test(what_is_declared_weak_retains_nothing),
		cmocka_unit_test(a_reference_without_a_pointer_retains),
		cmocka_unit_test(objects_of_a_block_are_counted),
		cmocka_unit_test(an_empty_heap_retains_nothing),
		cmocka_unit_test(blocks_have_the_roots_that_lead_to_them),
		cmocka_unit_test(sets_that_are_equal_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
