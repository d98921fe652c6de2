/* SPDX-License-Identifier: MIT */
/* Whose the bytes of pages are, on recordings made by hand: to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "waste.h"

#define PAGE 4096ull
#define HEAP 0x100000ull
#define MOST 64

static struct {
	struct model m;
	struct rkn_block blocks[MOST];
	struct rkn_mapping mappings[4];
	struct rkn_pages pages[8];
	struct rkn_arena arenas[4];
	struct rkn_slack slack[4];
	uint32_t labels[MOST];
} s;
static struct waste w;

/* An arena of so many pages, all in memory. */
static int begin(void **state)
{
	(void)state;
	s.m = (struct model){ .blocks = s.blocks,
			      .mappings = s.mappings,
			      .mapping_count = 1,
			      .pages = s.pages,
			      .page_count = 1,
			      .arenas = s.arenas,
			      .arena_count = 1,
			      .slack = s.slack };
	s.mappings[0] = (struct rkn_mapping){ HEAP, HEAP + 16 * PAGE, 16 * PAGE,
					      0,    RKN_MAPPING_HEAP, 0 };
	s.pages[0] = (struct rkn_pages){ HEAP, HEAP + 16 * PAGE };
	s.arenas[0] = (struct rkn_arena){ HEAP, HEAP + 16 * PAGE, 0, 0, 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	waste_release(&w);
	return 0;
}

static void block(uint64_t address, uint64_t size, uint32_t label)
{
	const size_t i = s.m.block_count++;

	s.blocks[i] = (struct rkn_block){ .address = address, .size = size };
	s.labels[i] = label;
}

static void make(size_t rows)
{
	waste_make(&w, &s.m, s.labels, rows);
	assert_true(w.known);
	/* Each byte of the heap has one name. */
	assert_int_equal(w.alive + w.slack + w.pinned + w.between + w.empty,
			 w.heap);
}

/* The chunk of 64 bytes takes 80, from 8 bytes before the block on. */
static void a_small_block_pins_its_page(void **state)
{
	(void)state;
	block(HEAP + 3 * PAGE + 16, 64, 0);
	make(1);
	assert_int_equal(w.heap, 16 * PAGE);
	assert_int_equal(w.alive, 64);
	assert_int_equal(w.slack, 16);
	assert_int_equal(w.pinned, PAGE - 80);
	assert_int_equal(w.pinned_pages, 1);
	assert_int_equal(w.empty, 15 * PAGE);
	assert_int_equal(w.rows[0].pinned, PAGE - 80);
	assert_int_equal(w.rows[0].sole, PAGE - 80);
	assert_int_equal(w.rows[0].pages, 1);
	assert_int_equal(w.rows[0].slack, 16);
	assert_int_equal(w.arenas[0].resident, 16 * PAGE);
	assert_int_equal(w.arenas[0].free, 16 * PAGE - 80);
}

/* Two of one row and one of the other: by number, not by bytes; what does not
 * divide goes to the first. */
static void blocks_of_a_page_share_it_by_their_number(void **state)
{
	const uint64_t left = PAGE - 80 - 32 - 1024 - 16;

	(void)state;
	block(HEAP + 16, 64, 0);
	block(HEAP + 512, 8, 1);
	block(HEAP + 1024, 1032, 0);
	make(2);
	assert_int_equal(w.pinned, left);
	assert_int_equal(w.rows[0].pinned + w.rows[1].pinned, left);
	assert_int_equal(w.rows[1].pinned, left / 3 + (left % 3 > 1));
	assert_int_equal(w.rows[0].pages, 1);
	assert_int_equal(w.rows[1].pages, 1);
	assert_int_equal(w.rows[0].sole, 0);
	assert_int_equal(w.rows[1].sole, 0);
}

static void nobody_is_to_blame_for_a_page_that_is_full(void **state)
{
	(void)state;
	block(HEAP + 16, 2040, 0); /* 2048 */
	make(1);
	assert_int_equal(w.pinned, 2048);
	waste_release(&w);
	s.blocks[0].size = 2041;
	make(1);
	assert_int_equal(w.pinned, 0);
	assert_int_equal(w.between, 2048 - 16);
	assert_int_equal(w.rows[0].pinned, 0);
	assert_int_equal(w.rows[0].pages, 0);
}

/* On its last page a block reaches over others'. */
static void a_large_block_takes_whole_pages(void **state)
{
	(void)state;
	block(HEAP + PAGE + 8, 3 * PAGE + 92, 0);
	make(1);
	/* A chunk of 3 pages and 112 bytes. */
	assert_int_equal(w.alive, 3 * PAGE + 92);
	assert_int_equal(w.slack, 20);
	assert_int_equal(w.pinned, PAGE - 112);
	assert_int_equal(w.empty, 12 * PAGE);
	assert_int_equal(w.arenas[0].free, 13 * PAGE - 112);
}

static void what_is_not_in_memory_is_nobodys(void **state)
{
	(void)state;
	/* In memory: page 0, and 3 and 4 of the large block's. */
	s.m.page_count = 2;
	s.pages[0] = (struct rkn_pages){ HEAP, HEAP + PAGE };
	s.pages[1] = (struct rkn_pages){ HEAP + 3 * PAGE, HEAP + 5 * PAGE };
	s.mappings[0].resident = 3 * PAGE;
	block(HEAP + 2 * PAGE + 8, 5 * PAGE - 8, 0);
	block(HEAP + 9 * PAGE + 16, 100, 0);
	make(1);
	assert_int_equal(w.heap, 3 * PAGE);
	assert_int_equal(w.alive, 2 * PAGE);
	assert_int_equal(w.empty, PAGE);
	assert_int_equal(w.absent, 3 * PAGE - 8 + 100);
	assert_int_equal(w.pinned, 0);
}

static void a_larger_chunk_is_slack(void **state)
{
	(void)state;
	block(HEAP + 16, 24, 0);
	block(HEAP + 48, 24, 0);
	s.m.slack_count = 1;
	s.slack[0] = (struct rkn_slack){ 1, 16 };
	make(1);
	assert_int_equal(w.slack, 8 + 8 + 16);
	assert_int_equal(w.rows[0].slack, w.slack);
	assert_int_equal(w.pinned, PAGE - 32 - 48);
}

/* A block in a mapping of its own has its pages. */
static void a_block_apart_is_of_the_heap_with_its_pages(void **state)
{
	const uint64_t apart = HEAP + 64 * PAGE;

	(void)state;
	block(apart + 16, 200000, 0);
	s.m.slack_count = 1;
	/* A chunk of 49 pages, whose last word is the next block's in an arena. */
	s.slack[0] = (struct rkn_slack){ 0, 49 * PAGE - 8 - 200016 };
	s.m.mapping_count = 2;
	s.mappings[1] =
	    (struct rkn_mapping){ apart, apart + 60 * PAGE, 60 * PAGE,
				  0,     RKN_MAPPING_OTHER, 0 };
	s.m.page_count = 2;
	s.pages[1] = (struct rkn_pages){ apart, apart + 60 * PAGE };
	make(1);
	assert_int_equal(w.own_mappings, 1);
	assert_int_equal(w.heap, (16 + 49) * PAGE);
	assert_int_equal(w.mapped, 11 * PAGE);
	assert_int_equal(w.empty, 16 * PAGE);
	assert_int_equal(w.resident, 76 * PAGE);
	assert_int_equal(w.arenas[0].free, 16 * PAGE);
	/* The two words before it. */
	assert_int_equal(w.between + w.pinned, 8);
}

static void kinds_of_mappings_are_summed(void **state)
{
	(void)state;
	s.m.mapping_count = 4;
	s.mappings[1] = (struct rkn_mapping){ HEAP * 2, HEAP * 3,          100,
					      5,        RKN_MAPPING_STACK, 0 };
	s.mappings[2] =
	    (struct rkn_mapping){ HEAP * 3, HEAP * 4,         RKN_NOT_KNOWN,
				  0,        RKN_MAPPING_FILE, 0 };
	s.mappings[3] =
	    (struct rkn_mapping){ HEAP * 4, HEAP * 5,           1000,
				  7,        RKN_MAPPING_MODULE, 0 };
	s.m.meta.own_bytes = 77;
	make(0);
	assert_int_equal(w.resident, 16 * PAGE + 1100);
	assert_int_equal(w.stacks, 100);
	assert_int_equal(w.modules, 1000);
	assert_int_equal(w.swapped, 12);
	assert_int_equal(w.own, 77);
	assert_int_equal(w.unknown, 1);
	assert_int_equal(w.mapped, 0);
}

/* Its chunks are not known, nor which memory is its: mappings with blocks. */
static void another_allocator_has_mappings_with_blocks(void **state)
{
	(void)state;
	s.m.meta.flags = RKN_META_FOREIGN_MALLOC;
	s.m.arena_count = 0;
	s.m.mapping_count = 2;
	s.mappings[1] = (struct rkn_mapping){ HEAP * 2, HEAP * 2 + PAGE,   PAGE,
					      0,        RKN_MAPPING_OTHER, 0 };
	s.m.page_count = 2;
	s.pages[1] = (struct rkn_pages){ HEAP * 2, HEAP * 2 + PAGE };
	block(HEAP + PAGE, 100, 0);
	make(1);
	assert_false(w.glibc);
	assert_int_equal(w.heap, 16 * PAGE);
	assert_int_equal(w.alive, 100);
	assert_int_equal(w.slack, 0);
	assert_int_equal(w.pinned, PAGE - 100);
	assert_int_equal(w.mapped, PAGE);
}

static void without_a_snapshot_only_blocks_are_known(void **state)
{
	(void)state;
	s.m.mapping_count = s.m.page_count = s.m.arena_count = 0;
	block(HEAP + 16, 64, 0);
	waste_make(&w, &s.m, s.labels, 1);
	assert_false(w.held);
	assert_false(w.known);
	assert_int_equal(w.heap, 0);
	assert_int_equal(w.pinned, 0);
	assert_false(w.glibc);
	assert_int_equal(w.rows[0].bytes, 64);
}

/* A block of two pages at a boundary of as many, as aligned_alloc() has it: its
 * chunk has the two before the next one, too, which nobody wrote. */
static void what_was_never_written_behind_a_block_is_nobodys(void **state)
{
	(void)state;
	block(HEAP + 2 * PAGE, 2 * PAGE, 0);
	s.slack[0] = (struct rkn_slack){ 0, 3 * PAGE };
	s.m.slack_count = 1;
	s.m.page_count = 2;
	s.pages[0] = (struct rkn_pages){ HEAP, HEAP + 4 * PAGE };
	s.pages[1] = (struct rkn_pages){ HEAP + 6 * PAGE, HEAP + 16 * PAGE };
	make(1);
	assert_int_equal(w.alive, 2 * PAGE);
	assert_int_equal(w.absent, 0);
	/* 8 bytes before it; behind it, of 3 pages and 8 bytes the last page */
	assert_int_equal(w.slack, 8 + PAGE + 8);
	assert_int_equal(w.rows[0].slack, w.slack);
	assert_int_equal(w.all_slack, w.slack);
}

/* What brk() gave the program between two parts of the arena is not malloc's. */
static void what_the_program_has_from_brk_is_not_the_heaps(void **state)
{
	static struct rkn_mapped mapped[2];

	(void)state;
	block(HEAP + 16, 64, 0);
	block(HEAP + 12 * PAGE + 16, 64, 0);
	s.m.mapped = mapped;
	s.m.mapped_count = 2;
	mapped[0] = (struct rkn_mapped){ .start = HEAP + 2 * PAGE,
					 .end = HEAP + 6 * PAGE,
					 .flags = RKN_MAPPED_BREAK };
	/* One that is old: malloc has a block there. */
	mapped[1] = (struct rkn_mapped){ .start = HEAP + 12 * PAGE,
					 .end = HEAP + 13 * PAGE,
					 .flags = RKN_MAPPED_BREAK };
	make(1);
	assert_int_equal(w.heap, 12 * PAGE);
	assert_int_equal(w.empty, 10 * PAGE);
	assert_int_equal(w.mapped, 4 * PAGE);
	assert_int_equal(w.own_mappings, 0);
	assert_int_equal(w.arenas[0].empty, 10 * PAGE);
	assert_int_equal(w.arenas[0].free, 10 * PAGE + 2 * (PAGE - 80));
}

static void a_heap_beside_a_threads_stack_is_no_stack(void **state)
{
	(void)state;
	block(HEAP + 16, 64, 0);
	s.mappings[0].kind = RKN_MAPPING_STACK;
	s.mappings[0].resident = 18 * PAGE;
	s.mappings[0].end += 2 * PAGE;
	make(1);
	assert_int_equal(w.heap, 16 * PAGE);
	assert_int_equal(w.stacks, 2 * PAGE);
	assert_int_equal(w.mapped, 0);
}

/* Numbers that no shim writes: nothing is read beyond an array, and no page is
 * walked that is not there. */
static void made_up_numbers_do_no_harm(void **state)
{
	(void)state;
	s.pages[0] = (struct rkn_pages){ 0, UINT64_MAX };
	s.arenas[0] = (struct rkn_arena){ 1, UINT64_MAX, 0, UINT32_MAX, 0 };
	block(0, 0, 0);
	block(4, 1ull << 62, 0);
	block(UINT64_MAX - 20, 20, 0);
	s.m.slack_count = 2;
	s.slack[0] = (struct rkn_slack){ 1, UINT32_MAX };
	s.slack[1] = (struct rkn_slack){ 2, UINT32_MAX };
	waste_make(&w, &s.m, s.labels, 1);
	assert_int_equal(w.rows[0].blocks, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_small_block_pins_its_page),
		TEST(blocks_of_a_page_share_it_by_their_number),
		TEST(nobody_is_to_blame_for_a_page_that_is_full),
		TEST(a_large_block_takes_whole_pages),
		TEST(what_is_not_in_memory_is_nobodys),
		TEST(a_larger_chunk_is_slack),
		TEST(a_block_apart_is_of_the_heap_with_its_pages),
		TEST(kinds_of_mappings_are_summed),
		TEST(another_allocator_has_mappings_with_blocks),
		TEST(without_a_snapshot_only_blocks_are_known),
		TEST(what_was_never_written_behind_a_block_is_nobodys),
		TEST(what_the_program_has_from_brk_is_not_the_heaps),
		TEST(a_heap_beside_a_threads_stack_is_no_stack),
		TEST(made_up_numbers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
