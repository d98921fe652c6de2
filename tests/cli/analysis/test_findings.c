/* SPDX-License-Identifier: MIT */
/* Judgements on heaps whose leaks are known by construction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"
#include "verdict.h"

static void add_blocks(int count, uint32_t stack)
{
	for (int i = 0; i < count; i++)
		scene_block(&s, stack, 10);
}

/* Edges 0 -> 1 -> ... -> last -> 0 from `first`, all at offset 8. */
static void add_ring(uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		scene_edge(&s, first + i, 8, first + (i + 1) % count, 0);
}

static void expect(size_t i, enum finding_kind kind, uint64_t count,
		   uint64_t objects, uint64_t held)
{
	assert_true(i < f.count);
	assert_int_equal(f.list[i].kind, kind);
	assert_int_equal(f.list[i].count, count);
	assert_int_equal(f.list[i].objects, objects);
	assert_int_equal(f.list[i].held_objects, held);
}

static void expect_retained(size_t i, uint64_t objects, uint64_t bytes)
{
	uint64_t o, b;

	assert_true(finding_retains(&f.list[i], &o, &b));
	assert_int_equal(o, objects);
	assert_int_equal(b, bytes);
}

static void what_roots_reach_is_no_finding(void **state)
{
	(void)state;
	add_blocks(4, in_a);
	scene_edge(&s, 0, 0, 1, 0);
	add_ring(1, 3); /* a cycle in use */
	scene_root(&s, 0, 0);
	judge();
	assert_true(f.checked);
	assert_int_equal(f.count, 0);
}

static void an_empty_heap_has_no_findings(void **state)
{
	(void)state;
	judge();
	assert_true(f.checked);
	assert_int_equal(f.count, 0);
}

static void two_that_hold_each_other_are_a_cycle(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	add_blocks(1, in_b);
	add_ring(0, 2);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 1, 2, 0);
	assert_int_equal(f.list[0].bytes, 20);
	assert_int_equal(f.list[0].stack, in_a);
	assert_int_equal(f.list[0].member_count, 2);
	assert_int_equal(f.list[0].members[0], 0);
	assert_int_equal(f.list[0].members[1], 1);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "high");
}

static void three_in_a_ring_stand_in_cycle_order(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	scene_edge(&s, 0, 0, 2, 0);
	scene_edge(&s, 2, 0, 1, 4); /* inside counts too */
	scene_edge(&s, 1, 0, 0, 0);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 1, 3, 0);
	assert_int_equal(f.list[0].members[1], 2);
	assert_int_equal(f.list[0].members[2], 1);
}

/* As a list's head does that is empty and the first member. */
static void a_block_that_points_to_itself_alone_is_a_leak(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	scene_edge(&s, 0, 0, 0, 0);
	scene_edge(&s, 0, 8, 0, 0);
	scene_edge(&s, 0, 16, 1, 0);
	scene_edge(&s, 1, 0, 1, 0); /* what it holds is no cycle, either */
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 2, 2, 1);
	assert_int_equal(f.list[0].held_cycles, 0);
}

/* Another lost block in the loop makes it one. */
static void two_of_which_one_points_to_itself_are_a_cycle(void **state)
{
	(void)state;
	add_blocks(2, in_a);
	add_ring(0, 2);
	scene_edge(&s, 0, 0, 0, 0);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 1, 2, 0);
}

/* Such a pointer is into a buffer or an empty list's head of its own. */
static void a_block_that_points_into_its_own_middle_is_a_leak(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	scene_edge(&s, 0, 8, 0, 16);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 1, 1, 0);
}

static void a_lost_list_with_back_pointers_is_one_cycle(void **state)
{
	(void)state;
	add_blocks(5, in_a);
	for (uint32_t i = 0; i + 1 < 5; i++) {
		scene_edge(&s, i, 0, i + 1, 0);
		scene_edge(&s, i + 1, 8, i, 0);
	}
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 1, 5, 0);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(f.list[0].members[i], i);
}

static void a_leak_holds_what_only_it_reaches(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	add_blocks(3, in_b);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 0, 2, 0);
	scene_edge(&s, 0, 8, 3, 0);
	scene_root(&s, 3, 0); /* in use, so not held */
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 1, 1, 2);
	assert_int_equal(f.list[0].held_bytes, 20);
	assert_int_equal(f.owner[2], 1);
	assert_int_equal(f.owner[3], 0);
}

static void leaks_of_one_stack_are_one_finding(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	add_blocks(1, in_b);
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_LEAK, 3, 3, 0);
	expect(1, FINDING_LEAK, 1, 1, 0);
	assert_int_equal(f.list[0].instances[0], 0);
}

/* The fake symbols make lines of frame numbers: give two frames one. */
static void calls_of_one_line_are_one_stack(void **state)
{
	uint32_t again = scene_in(&s, "a");
	uint32_t other = scene_in(&s, "a");

	(void)state;
	s.symbols.lines[s.stacks[again].frame] = s.stacks[in_a].frame;
	s.symbols.lines[s.frames[s.stacks[again].frame].parent] =
	    s.frames[s.stacks[in_a].frame].parent;
	add_blocks(1, in_a);
	add_blocks(1, again);
	add_blocks(1, other);
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_LEAK, 2, 2, 0);
	expect(1, FINDING_LEAK, 1, 1, 0);
}

/* A stack of `count` of these functions, innermost first, each on a line of its
 * own. */
static uint32_t calls(const char *const *functions, const unsigned *lines)
{
	uint32_t stack = scene_stack(&s, functions);

	for (uint32_t i = s.stacks[stack].frame; i; i = s.frames[i].parent)
		s.symbols.lines[i] = *lines++;
	return stack;
}

#define LINES(...) ((const unsigned[]){ __VA_ARGS__ })
#define CALLS(lines, ...)                                                      \
	calls((const char *const[]){ __VA_ARGS__, NULL }, lines)

static void expect_one(size_t objects)
{
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, objects, objects, 0);
}

static void how_deep_a_recursion_is_makes_no_difference(void **state)
{
	(void)state;
	add_blocks(1, CALLS(LINES(7, 3), "f", "main"));
	add_blocks(1, CALLS(LINES(7, 5, 3), "f", "f", "main"));
	add_blocks(1, CALLS(LINES(7, 5, 6, 3), "f", "f.isra.0", "f", "main"));
	expect_one(3);
}

static void nor_does_that_of_functions_that_call_each_other(void **state)
{
	(void)state;
	add_blocks(1, CALLS(LINES(9, 7, 5, 3), "make", "f", "g", "main"));
	add_blocks(1, CALLS(LINES(9, 7, 5, 8, 5, 3), "make", "f", "g", "f", "g",
			    "main"));
	add_blocks(1, CALLS(LINES(9, 7, 4, 2, 8, 5, 3), "make", "f", "h", "i",
			    "f", "g", "main"));
	expect_one(3);
}

static void who_began_a_recursion_makes_a_difference(void **state)
{
	(void)state;
	add_blocks(1, CALLS(LINES(7, 5, 3), "f", "f", "main"));
	add_blocks(1, CALLS(LINES(7, 5, 8, 3), "f", "f", "other", "main"));
	add_blocks(1, CALLS(LINES(8, 5, 3), "f", "f", "main"));
	judge();
	assert_int_equal(f.count, 3);
}

static void calls_in_two_columns_of_a_line_are_two(void **state)
{
	uint32_t one = CALLS(LINES(7, 3), "f", "main");
	uint32_t two = CALLS(LINES(7, 3), "f.cold", "main");
	uint32_t copy = CALLS(LINES(7, 3), "f.part.0", "main");
	struct reading in;

	(void)state;
	for (uint32_t i = 0; i < SCENE_MOST; i++)
		if (s.symbols.functions[i] && *s.symbols.functions[i] == 'f')
			s.symbols.functions[i] = "f";
	s.symbols.columns[s.stacks[one].frame] = 10;
	s.symbols.columns[s.stacks[copy].frame] = 10;
	s.symbols.columns[s.stacks[two].frame] = 30;
	add_blocks(1, one);
	add_blocks(1, two);
	add_blocks(1, copy);
	in = scene_read(&s);
	judge();
	findings_sign(&f, &in);
	assert_int_equal(f.count, 2);
	assert_true(f.list[0].twin && f.list[1].twin);
	names_close(in.names);
	block_types_close(in.types);
}

static void a_cycle_that_a_leak_holds_is_folded_but_told(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	add_blocks(3, in_b);
	add_ring(1, 3);
	scene_edge(&s, 0, 0, 2, 0);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 1, 1, 3);
	assert_int_equal(f.list[0].held_cycles, 1);
	assert_int_equal(f.list[0].held_cycle_objects, 3);
}

/* Blocks 0,1 and 2,3 are cycles; both lead to 4, which leads to 5. */
static void two_cycles_that_share_a_tail_count_it_once(void **state)
{
	(void)state;
	add_blocks(2, in_a);
	add_blocks(2, in_b);
	add_blocks(2, in_c);
	add_ring(0, 2);
	add_ring(2, 2);
	scene_edge(&s, 0, 0, 4, 0);
	scene_edge(&s, 2, 0, 4, 0);
	scene_edge(&s, 4, 0, 5, 0);
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_CYCLE, 1, 2, 2);
	expect(1, FINDING_CYCLE, 1, 2, 0);
	assert_int_equal(f.list[0].shared_objects, 2);
	assert_false(f.list[0].elsewhere);
	assert_true(f.list[1].elsewhere);
	expect_retained(0, 2, 20);
	expect_retained(1, 2, 20);
}

/* Block 0 is in use and points into the middle of 1 and 2, which lead to each
 * other and to 3. */
static void what_two_possible_leaks_hold_is_shared(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	add_blocks(1, in_b);
	add_blocks(2, in_c);
	scene_root(&s, 0, 0);
	scene_edge(&s, 0, 0, 1, 4);
	scene_edge(&s, 0, 8, 2, 4);
	scene_edge(&s, 1, 0, 2, 0);
	scene_edge(&s, 2, 0, 1, 0);
	scene_edge(&s, 2, 8, 3, 0);
	judge();
	assert_int_equal(f.count, 2);
	assert_int_equal(f.list[0].kind, FINDING_POSSIBLE);
	assert_int_equal(f.list[0].held_objects + f.list[1].held_objects, 1);
	assert_int_equal(f.list[0].shared_objects + f.list[1].shared_objects,
			 1);
	expect_retained(0, 1, 10);
	expect_retained(1, 1, 10);
}

static void what_one_finding_shares_with_itself_is_not_shared(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	scene_edge(&s, 0, 0, 2, 0);
	scene_edge(&s, 1, 0, 2, 0);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 2, 2, 1);
	assert_int_equal(f.list[0].shared_objects, 0);
	assert_false(f.list[0].elsewhere);
	expect_retained(0, 3, 30);
}

static void cycles_alike_are_one_finding_wherever_they_begin(void **state)
{
	const uint32_t stacks[] = { in_a, in_b, in_b, in_a };

	(void)state;
	for (int i = 0; i < 4; i++)
		scene_block(&s, stacks[i], 10);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 8, 0, 0);
	scene_edge(&s, 2, 8, 3, 0);
	scene_edge(&s, 3, 0, 2, 0);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 2, 4, 0);
	assert_int_equal(f.list[0].member_count, 2);
}

static void rings_of_any_length_are_one_finding(void **state)
{
	(void)state;
	add_blocks(9, in_a);
	add_ring(0, 2);
	add_ring(2, 7);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_CYCLE, 2, 9, 0);
	assert_int_equal(f.list[0].least, 2);
	assert_int_equal(f.list[0].most, 7);
	assert_int_equal(f.list[0].instances[0], 0);
}

/* Rings of 2, 5, 13, 5 and 14: only the first three sorts can be drawn. */
static void the_largest_ring_that_can_be_drawn_is_shown(void **state)
{
	(void)state;
	add_blocks(39, in_a);
	add_ring(0, 2);
	add_ring(2, 13);
	add_ring(15, 5);
	add_ring(20, 5);
	add_ring(25, 14);
	judge();
	assert_int_equal(f.count, 1);
	assert_int_equal(f.list[0].least, 2);
	assert_int_equal(f.list[0].most, 14);
	assert_int_equal(f.list[0].shown, 15);
	assert_int_equal(f.list[0].member_count, 5);
	assert_int_equal(f.list[0].members[4], 19);
}

static void of_rings_too_large_to_draw_the_oldest_is_shown(void **state)
{
	(void)state;
	add_blocks(27, in_a);
	add_ring(0, 14);
	add_ring(14, 13);
	for (uint32_t i = 0; i < 14; i++)
		s.blocks[i].birth += 100;
	judge();
	assert_int_equal(f.count, 1);
	assert_int_equal(f.list[0].shown, 14);
	assert_int_equal(f.list[0].member_count, 13);
}

static void cycles_over_other_offsets_are_other_findings(void **state)
{
	(void)state;
	add_blocks(4, in_a);
	add_ring(0, 2);
	scene_edge(&s, 2, 16, 3, 0);
	scene_edge(&s, 3, 16, 2, 0);
	judge();
	assert_int_equal(f.count, 2);
}

static void an_interior_pointer_makes_a_possible_leak(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	add_blocks(2, in_b);
	add_blocks(1, in_c);
	scene_root(&s, 0, 0);
	scene_edge(&s, 0, 0, 1, 4); /* from memory in use */
	scene_edge(&s, 1, 0, 2, 0);
	scene_root(&s, 3, 2); /* from a root */
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_POSSIBLE, 1, 1, 1);
	expect(1, FINDING_POSSIBLE, 1, 1, 0);
	assert_int_equal(f.list[0].stack, in_b);
	assert_int_equal(f.list[1].stack, in_c);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "low");
}

static void an_exact_pointer_outweighs_an_interior_one(void **state)
{
	(void)state;
	add_blocks(2, in_a);
	scene_root(&s, 1, 4);
	scene_root(&s, 0, 0);
	scene_edge(&s, 0, 0, 1, 0);
	judge();
	assert_int_equal(f.count, 0);
}

static void a_cycle_held_inside_is_a_possible_leak_not_a_cycle(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	add_ring(0, 3);
	scene_root(&s, 1, 4);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_POSSIBLE, 1, 1, 2);
}

static void three_behind_a_header_are_in_use(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_a, 64); /* a chain, as of Python's objects */
	add_blocks(1, in_b);
	scene_root(&s, 0, 16);
	scene_edge(&s, 0, 24, 1, 16);
	scene_edge(&s, 1, 24, 2, 16);
	scene_edge(&s, 2, 24, 3, 0);
	judge();
	assert_int_equal(f.count, 0);
}

static void two_at_one_offset_are_no_header(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	scene_root(&s, 0, 16);
	scene_root(&s, 1, 16);
	scene_root(&s, 2, 24);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_POSSIBLE, 3, 3, 0);
}

static void one_block_held_three_times_is_no_header(void **state)
{
	(void)state;
	add_blocks(1, in_a);
	for (int i = 0; i < 3; i++)
		scene_root(&s, 0, 16);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_POSSIBLE, 1, 1, 0);
}

/* A block of `size` that `caller` has from xmalloc(), held at `offset`. */
static uint32_t hold_one(const char *caller, uint64_t size, uint32_t offset)
{
	const char *names[] = { "xmalloc", caller, "main", NULL };
	uint32_t b = scene_block(&s, scene_stack(&s, names), size);

	/* Return addresses in it are one. */
	s.frames[s.stacks[s.blocks[b].stack].frame].address = 0x77;
	scene_root(&s, b, offset);
	return b;
}

static void expect_possible(uint64_t blocks)
{
	uint64_t n = 0;

	judge();
	for (size_t i = 0; i < f.count; i++) {
		assert_int_equal(f.list[i].kind, FINDING_POSSIBLE);
		n += f.list[i].objects;
	}
	assert_int_equal(n, blocks);
}

static void a_header_of_one_caller_is_none_of_another_s(void **state)
{
	uint32_t first;

	(void)state;
	first = hold_one("box_new", 40, 16);
	for (int i = 0; i < 2; i++) {
		uint32_t b = scene_block(&s, s.blocks[first].stack, 40);

		scene_root(&s, b, 16);
	}
	expect_possible(0);
	hold_one("table_new", 4000, 16);
	expect_possible(1);
}

static void a_wrapper_that_adds_a_header_does_so_for_all(void **state)
{
	(void)state;
	hold_one("a", 40, 16);
	hold_one("b", 72, 16);
	expect_possible(2);
	hold_one("c", 104, 16);
	expect_possible(0);
}

static void a_wrapper_that_others_use_without_adds_none(void **state)
{
	(void)state;
	hold_one("a", 40, 16);
	hold_one("b", 72, 16);
	hold_one("c", 104, 16);
	hold_one("d", 50, 0);
	expect_possible(3);
}

static void blocks_of_one_size_from_many_are_of_one_type(void **state)
{
	(void)state;
	hold_one("a", 40, 16);
	hold_one("b", 40, 16);
	hold_one("c", 40, 16);
	hold_one("d", 50, 0); /* of another size */
	expect_possible(0);
	hold_one("e", 104, 16);
	expect_possible(1);
	hold_one("f", 40, 0);
	expect_possible(4);
}

static void callers_that_are_missing_are_not_taken_for_one(void **state)
{
	(void)state;
	s.stacks[in_a].flags = RKN_STACK_TRUNCATED;
	for (int i = 0; i < 3; i++) {
		uint32_t b = scene_block(&s, in_a, 40);

		scene_root(&s, b, 16);
	}
	expect_possible(0);
	scene_root(&s, scene_block(&s, in_a, 4000), 16);
	expect_possible(4);
}

/* The last 8 bytes of a block of 200 are the next chunk's header. */
static void a_link_of_the_allocator_teaches_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		scene_block(&s, in_a, 200);
		scene_block(&s, in_b, 200);
		scene_root(&s, 2 * i + 1, 0);
		scene_edge(&s, 2 * i + 1, 8, 2 * i, 192);
	}
	expect_possible(4);
	for (uint32_t i = 0; i < 3; i++) /* from outside it is none */
		scene_root(&s, 2 * i, 192);
	expect_possible(0);
}

static void a_place_that_its_block_tells_of_keeps_it(void **state)
{
	struct rkn_wide place = { .to_offset = 16 };
	uint32_t b;

	(void)state;
	b = scene_block(&s, in_a, 104);
	scene_root(&s, b, 16);
	s.m.wide = &place;
	s.m.wide_count = 1;
	place.index = b;
	place.kind = RKN_WIDE_BASE;
	expect_possible(0);
	place.to_offset = 8; /* another place */
	expect_possible(1);
	place.to_offset = 16;
	place.index = b + 1; /* or block */
	expect_possible(1);
}

static void an_array_behind_its_number_is_operator_new_s(void **state)
{
	struct rkn_wide places[] = { { RKN_WIDE_ARRAY, 0, 0, 8 },
				     { RKN_WIDE_ARRAY, 1, 0, 8 } };

	(void)state;
	scene_root(&s, scene_block(&s, in_a, 88), 8);
	scene_root(&s, scene_block(&s, scene_in(&s, "_Znwm"), 88), 8);
	s.m.wide = places;
	s.m.wide_count = 2;
	expect_possible(1);
}

static void an_empty_array_is_held_at_its_end(void **state)
{
	(void)state;
	scene_root(&s, scene_block(&s, in_a, 8), 8);
	expect_possible(0);
	scene_root(&s, scene_block(&s, in_a, 96), 96); /* an iterator's end */
	expect_possible(1);
}

static void the_start_before_what_was_aligned_keeps_it(void **state)
{
	uint32_t b;

	(void)state;
	b = scene_block(&s, in_a, 100);
	scene_root(&s, b, 24);
	expect_possible(1);
	scene_edge(&s, b, 8, b, 0); /* elsewhere it says nothing */
	expect_possible(1);
	scene_edge(&s, b, 16, b, 0);
	expect_possible(0);
}

/* Each of a place of its own, which has nothing in common with others. */
static uint32_t hold_at_address(uint64_t address, uint64_t size,
				uint32_t offset)
{
	uint32_t b = scene_block(&s, scene_in(&s, "aligned_new"), size);

	s.blocks[b].address += address;
	scene_root(&s, b, offset);
	return b;
}

static void the_start_rounded_up_keeps_the_block(void **state)
{
	uint32_t b;

	(void)state;
	b = hold_at_address(0x90, 128, 0x30); /* to 0xc0, a multiple of 64 */
	expect_possible(0);
	hold_at_address(0x90, 64 + 63, 0x30);
	hold_at_address(0x10, 600 + 4095, 0xff0);
	expect_possible(0);
	hold_at_address(0x90, 130, 0x30); /* nobody asked for room for it */
	expect_possible(1);
	hold_at_address(0x90, 128, 0x70); /* not the next multiple */
	expect_possible(2);
	hold_at_address(0x10, 32, 0x10); /* half of all are at such places */
	expect_possible(3);
	scene_edge(&s, b, 8, b, 16); /* what stands before is no padding */
	expect_possible(4);
}

static void an_instance_is_held_where_its_class_is(void **state)
{
	const char *names[] = { "g_malloc0", "g_type_create_instance",
				"g_object_new", NULL };
	const char *others[] = { "g_malloc0", "g_array_new", "main", NULL };
	uint32_t class, b;

	(void)state;
	class = scene_block(&s, in_a, 100);
	scene_root(&s, class, 0);
	b = scene_block(&s, scene_stack(&s, names), 280);
	scene_root(&s, b, 0xf0);
	expect_possible(1);
	scene_edge(&s, b, 0xf0, class, 0);
	expect_possible(0);
	b = scene_block(&s, scene_stack(&s, others), 280);
	scene_root(&s, b, 0xf0);
	scene_edge(&s, b, 0xf0, class, 0);
	expect_possible(1);
}

/* Behind the roots of the scene; the scene's room for roots is one array. */
static void throw_away(uint32_t block)
{
	scene_root(&s, block, 0);
	s.m.root_count--;
	s.m.gone = s.roots + s.m.root_count;
	s.m.gone_count = 1;
}

static void what_was_unmapped_at_the_end_held_until_then(void **state)
{
	(void)state;
	add_blocks(5, in_a);
	scene_root(&s, 0, 0);
	scene_edge(&s, 1, 0, 2, 4); /* held by it, over any pointer */
	scene_edge(&s, 2, 0, 0, 0);
	scene_edge(&s, 3, 0, 1, 0); /* lost before */
	throw_away(1);
	judge();
	assert_int_equal(f.count, 1);
	expect(0, FINDING_LEAK, 2, 2, 0);
	assert_int_equal(f.owner[3], 1);
	assert_int_equal(f.owner[4], 1);
	assert_int_equal(f.gone_objects, 2);
	assert_int_equal(f.gone_bytes, 20);
	/* Pointers into the middle from what is in use are no better. */
	scene_edge(&s, 0, 0, 1, 4);
	scene_edge(&s, 0, 8, 2, 6);
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_LEAK, 2, 2, 0);
	expect(1, FINDING_POSSIBLE, 1, 1, 0);
	assert_int_equal(f.gone_objects, 1);
}

static void the_worst_come_first(void **state)
{
	(void)state;
	scene_block(&s, in_a, 10);   /* leak */
	scene_block(&s, in_b, 500);  /* leak */
	scene_block(&s, in_c, 1);    /* cycle */
	scene_block(&s, in_c, 9999); /* possible */
	scene_block(&s, in_c, 1);    /* of the cycle */
	scene_edge(&s, 2, 0, 4, 0);
	scene_edge(&s, 4, 0, 2, 0);
	scene_root(&s, 3, 8);
	judge();
	assert_int_equal(f.count, 4);
	assert_int_equal(f.list[0].kind, FINDING_CYCLE);
	assert_int_equal(f.list[1].stack, in_b);
	assert_int_equal(f.list[2].stack, in_a);
	assert_int_equal(f.list[3].kind, FINDING_POSSIBLE);
	assert_int_equal(f.owner[1], 2); /* owners follow the order */
	assert_int_equal(f.owner[3], 4);
}

static void nothing_is_judged_without_a_snapshot(void **state)
{
	(void)state;
	add_blocks(3, in_a);
	s.m.meta.flags = 0;
	judge();
	assert_false(f.checked);
	assert_non_null(f.why);
	assert_int_equal(f.count, 0);
}

static void nothing_is_judged_from_half_the_pointers(void **state)
{
	const enum rkn_limit_number limits[] = { RKN_LIMIT_NO_SNAPSHOT,
						 RKN_LIMIT_NO_MAPS,
						 RKN_LIMIT_SNAPSHOT_CUT };

	(void)state;
	add_blocks(3, in_a);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		s.m.limits[limits[i]] = 1;
		judge();
		assert_false(f.checked);
		s.m.limits[limits[i]] = 0;
	}
	s.m.truncated = true;
	judge();
	assert_false(f.checked);
}

/* With only `limit` met, block 1 of three is possibly lost, the others lost. */
static void expect_confidence(enum rkn_limit_number limit, const char *lost)
{
	s.m.limits[limit] = 1;
	judge();
	assert_int_equal(f.count, 3);
	assert_int_equal(f.list[0].kind, FINDING_CYCLE);
	assert_int_equal(f.list[0].objects, 2);
	for (int i = 0; i < 2; i++)
		assert_string_equal(finding_confidence(&f.list[i], &s.m), lost);
	assert_string_equal(finding_confidence(&f.list[2], &s.m), "low");
	s.m.limits[limit] = 0;
}

static void what_was_not_seen_lessens_the_confidence(void **state)
{
	(void)state;
	add_blocks(4, in_a);
	scene_root(&s, 1, 4);
	scene_edge(&s, 2, 0, 3, 0);
	scene_edge(&s, 3, 0, 2, 0);
	expect_confidence(RKN_LIMIT_UNALIGNED, "medium");
	expect_confidence(RKN_LIMIT_THREAD_RUNNING, "medium");
	expect_confidence(RKN_LIMIT_SHARED_MAP, "medium");
	expect_confidence(RKN_LIMIT_UNREADABLE, "medium");
	expect_confidence(RKN_LIMIT_UNKNOWN_FREE, "high");
	expect_confidence(RKN_LIMIT_TRUNCATED_STACK, "high");
}

/* The only gap of the scene. */
static struct verdict_gap gap_of(enum rkn_limit_number limit)
{
	struct verdict_gap gaps[VERDICT_GAPS];

	s.m.limits[limit] = 1;
	judge();
	assert_int_equal(verdict_gaps(gaps, &s.m, &f), 1);
	s.m.limits[limit] = 0;
	return gaps[0];
}

/* Until minor version 6 a recording has one limit for both kinds of cuts. */
static void a_cut_stack_says_why_as_far_as_is_known(void **state)
{
	struct verdict_gap gap;

	(void)state;
	gap = gap_of(RKN_LIMIT_DEPTH);
	assert_non_null(strstr(gap.remedy, "--depth"));
	gap = gap_of(RKN_LIMIT_TRUNCATED_STACK);
	assert_null(strstr(gap.cause, "depth"));
	assert_null(strstr(gap.remedy, "--depth"));
	s.m.any_cuts = true;
	gap = gap_of(RKN_LIMIT_TRUNCATED_STACK);
	assert_non_null(strstr(gap.cause, "depth, or a function"));
	assert_non_null(strstr(gap.remedy, "--depth"));
}

static void a_number_that_is_no_lack_is_no_gap(void **state)
{
	struct verdict_gap gaps[VERDICT_GAPS];

	(void)state;
	s.m.limits[RKN_LIMIT_STACK_VERIFIED] = 5;
	s.m.limits[RKN_LIMIT_INHERITED_BYTES] = 5;
	judge();
	assert_int_equal(verdict_gaps(gaps, &s.m, &f), 0);
}

static void sign_all(void)
{
	struct reading in = scene_read(&s);

	findings_sign(&f, &in);
	names_close(in.names);
	block_types_close(in.types);
}

/* The signature of the first finding. */
static void sign(char *signature)
{
	judge();
	assert_true(f.count > 0);
	sign_all();
	strcpy(signature, f.list[0].signature);
	assert_int_equal(strlen(signature), 16);
}

static void a_signature_knows_functions_not_addresses(void **state)
{
	char first[17], second[17];

	add_blocks(1, in_a);
	add_blocks(1, in_b);
	add_ring(0, 2);
	sign(first);
	judged_setup(state);
	add_blocks(1, in_c); /* other addresses, births and order */
	scene_root(&s, 0, 0);
	add_blocks(1, in_b);
	add_blocks(1, in_a);
	add_ring(1, 2);
	sign(second);
	assert_string_equal(first, second);
	s.symbols.functions[s.stacks[in_a].frame] = "z";
	sign(second);
	assert_string_not_equal(first, second);
}

static void a_signature_knows_the_kind(void **state)
{
	char first[17], second[17];

	add_blocks(1, in_a);
	sign(first);
	judged_setup(state);
	add_blocks(1, in_a);
	scene_root(&s, 0, 8);
	sign(second);
	assert_string_not_equal(first, second);
}

static void a_signature_knows_who_points_at_whom_not_where(void **state)
{
	char first[17], second[17];

	add_blocks(2, in_a);
	add_ring(0, 2);
	sign(first);
	judged_setup(state);
	add_blocks(5, in_a);
	add_ring(0, 5); /* another length */
	sign(second);
	assert_string_equal(first, second);
	s.edges[4].from_word++; /* another field */
	s.edges[3].to_offset = 4;
	sign(second);
	assert_string_equal(first, second);
	s.blocks[4].stack = in_b;
	sign(second);
	assert_string_not_equal(first, second);
}

/* Its function's name in the scene is a text that stays. */
static uint32_t frame_of(uint32_t stack)
{
	return s.stacks[stack].frame;
}

static void a_signature_leaves_out_what_builds_and_systems_change(void **state)
{
	static const char *const plain[] = { "inner", "outer", "main", NULL };
	static const char *const other[] = {
		"strdup", "inner.isra.0", "outer", "outer", "outer.constprop.1",
		"main",   "_start",       NULL
	};
	static const char *const more[] = { "inner", "main", NULL };
	char first[17], second[17];

	(void)state;
	scene_block(&s, scene_stack(&s, plain), 8);
	sign(first);
	judged_setup(state);
	scene_block(&s, scene_stack(&s, other), 80);
	s.symbols.modules[frame_of(s.blocks[0].stack)] = "/lib/libc.so.6";
	sign(second);
	assert_string_equal(first, second);
	judged_setup(state);
	scene_block(&s, scene_stack(&s, more), 8);
	sign(second);
	assert_string_not_equal(first, second);
}

/* Two lines of one function, as the fake symbols have it. */
static void findings_that_are_alike_are_numbered(void **state)
{
	uint32_t again = scene_in(&s, "a");
	char first[32];

	(void)state;
	add_blocks(1, again);
	scene_block(&s, in_a, 5);
	judge();
	assert_int_equal(f.count, 2);
	sign_all();
	assert_int_equal(f.list[1].stack, in_a);
	strcpy(first, f.list[1].signature);
	assert_int_equal(strlen(first), 16);
	strcat(first, ".2");
	assert_string_equal(f.list[0].signature, first);
	s.blocks[1].size = 50; /* the other one is worse now */
	judge();
	sign_all();
	assert_int_equal(f.list[0].stack, in_a);
	assert_string_equal(f.list[1].signature, first);
}

static uint32_t seed = 7;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * limit >> 32);
}

static void make_random_scene(void **state)
{
	uint32_t n = 1 + random_below(40);

	judged_setup(state);
	for (uint32_t i = 0; i < n; i++)
		scene_block(&s, random_below(3) + 1, 1 + random_below(99));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = random_below(3); k > 0; k--)
			scene_edge(&s, i, 8 * k, random_below(n),
				   random_below(4) ? 0 : 8);
	for (uint32_t i = random_below(4); i > 0; i--)
		scene_root(&s, random_below(n), random_below(3) ? 0 : 8);
}

/* What no pointer of any sort leads to, the slow way. */
static void find_lost(bool *lost)
{
	bool again = true;

	for (size_t i = 0; i < s.m.block_count; i++)
		lost[i] = true;
	for (size_t i = 0; i < s.m.root_count; i++)
		lost[s.roots[i].block] = false;
	while (again) {
		again = false;
		for (size_t i = 0; i < s.m.edge_count; i++)
			if (!lost[s.edges[i].from] && lost[s.edges[i].to]) {
				lost[s.edges[i].to] = false;
				again = true;
			}
	}
}

/* Each lost block has one owner of a lost kind, and all sums hold. */
static void every_lost_block_is_counted_once(void **state)
{
	for (int round = 0; round < 3000; round++) {
		uint64_t objects[SCENE_MOST] = { 0 }, bytes[SCENE_MOST] = { 0 };
		bool lost[SCENE_MOST];

		make_random_scene(state);
		find_lost(lost);
		judge();
		for (size_t b = 0; b < s.m.block_count; b++) {
			uint32_t owner = f.owner[b];

			assert_int_equal(lost[b],
					 owner && f.list[owner - 1].kind !=
						      FINDING_POSSIBLE);
			if (!owner)
				continue;
			objects[owner - 1]++;
			bytes[owner - 1] += s.blocks[b].size;
		}
		for (size_t i = 0; i < f.count; i++) {
			const struct finding *g = &f.list[i];

			assert_int_equal(objects[i],
					 g->objects + g->held_objects);
			assert_int_equal(bytes[i], g->bytes + g->held_bytes);
			assert_true(g->shared_objects <= g->held_objects);
			assert_true(g->count > 0 && g->member_count > 0);
			for (size_t k = 0; k < g->member_count; k++)
				assert_int_equal(f.owner[g->members[k]], i + 1);
			for (size_t k = 0; k < g->count; k++)
				assert_int_equal(f.owner[g->instances[k]],
						 i + 1);
		}
	}
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, judged_setup, judged_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_roots_reach_is_no_finding),
		TEST(an_empty_heap_has_no_findings),
		TEST(two_that_hold_each_other_are_a_cycle),
		TEST(three_in_a_ring_stand_in_cycle_order),
		TEST(a_block_that_points_to_itself_alone_is_a_leak),
		TEST(two_of_which_one_points_to_itself_are_a_cycle),
		TEST(a_block_that_points_into_its_own_middle_is_a_leak),
		TEST(a_lost_list_with_back_pointers_is_one_cycle),
		TEST(a_leak_holds_what_only_it_reaches),
		TEST(leaks_of_one_stack_are_one_finding),
		TEST(calls_of_one_line_are_one_stack),
		TEST(how_deep_a_recursion_is_makes_no_difference),
		TEST(nor_does_that_of_functions_that_call_each_other),
		TEST(who_began_a_recursion_makes_a_difference),
		TEST(calls_in_two_columns_of_a_line_are_two),
		TEST(a_cycle_that_a_leak_holds_is_folded_but_told),
		TEST(two_cycles_that_share_a_tail_count_it_once),
		TEST(what_two_possible_leaks_hold_is_shared),
		TEST(what_one_finding_shares_with_itself_is_not_shared),
		TEST(cycles_alike_are_one_finding_wherever_they_begin),
		TEST(rings_of_any_length_are_one_finding),
		TEST(the_largest_ring_that_can_be_drawn_is_shown),
		TEST(of_rings_too_large_to_draw_the_oldest_is_shown),
		TEST(cycles_over_other_offsets_are_other_findings),
		TEST(an_interior_pointer_makes_a_possible_leak),
		TEST(an_exact_pointer_outweighs_an_interior_one),
		TEST(a_cycle_held_inside_is_a_possible_leak_not_a_cycle),
		TEST(three_behind_a_header_are_in_use),
		TEST(two_at_one_offset_are_no_header),
		TEST(one_block_held_three_times_is_no_header),
		TEST(a_header_of_one_caller_is_none_of_another_s),
		TEST(a_wrapper_that_adds_a_header_does_so_for_all),
		TEST(a_wrapper_that_others_use_without_adds_none),
		TEST(blocks_of_one_size_from_many_are_of_one_type),
		TEST(callers_that_are_missing_are_not_taken_for_one),
		TEST(a_link_of_the_allocator_teaches_nothing),
		TEST(a_place_that_its_block_tells_of_keeps_it),
		TEST(an_array_behind_its_number_is_operator_new_s),
		TEST(an_empty_array_is_held_at_its_end),
		TEST(the_start_before_what_was_aligned_keeps_it),
		TEST(the_start_rounded_up_keeps_the_block),
		TEST(an_instance_is_held_where_its_class_is),
		TEST(what_was_unmapped_at_the_end_held_until_then),
		TEST(the_worst_come_first),
		TEST(nothing_is_judged_without_a_snapshot),
		TEST(nothing_is_judged_from_half_the_pointers),
		TEST(what_was_not_seen_lessens_the_confidence),
		TEST(a_cut_stack_says_why_as_far_as_is_known),
		TEST(a_number_that_is_no_lack_is_no_gap),
		TEST(a_signature_knows_functions_not_addresses),
		TEST(a_signature_knows_the_kind),
		TEST(a_signature_knows_who_points_at_whom_not_where),
		TEST(a_signature_leaves_out_what_builds_and_systems_change),
		TEST(findings_that_are_alike_are_numbered),
		TEST(every_lost_block_is_counted_once),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
