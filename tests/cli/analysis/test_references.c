/* SPDX-License-Identifier: MIT */
/* Judgements on objects whose references are known by construction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"

/* A block that is an object with `count` references; the object's number,
 * which is one more than the block's while no others are made. */
static uint32_t add(const char *type, int64_t count)
{
	return scene_object(&s, scene_block(&s, in_a, 64), 0, type, count);
}

/* The same, with a root word that points to it. */
static uint32_t add_used(const char *type, int64_t count)
{
	uint32_t o = add(type, count);

	scene_root(&s, s.objects[o].block, 0);
	return o;
}

static void point(uint32_t from, uint64_t offset, uint32_t to)
{
	scene_edge(&s, s.objects[from].block, offset, s.objects[to].block, 0);
}

static void expect(size_t i, enum finding_kind kind, uint64_t objects,
		   uint64_t bytes, uint64_t references)
{
	assert_true(i < f.count);
	assert_int_equal(f.list[i].kind, kind);
	assert_int_equal(f.list[i].objects, objects);
	assert_int_equal(f.list[i].bytes, bytes);
	assert_int_equal(f.list[i].references, references);
}

static void expect_only(enum finding_kind kind, uint64_t objects,
			uint64_t bytes, uint64_t references)
{
	judge();
	assert_int_equal(f.count, 1);
	expect(0, kind, objects, bytes, references);
}

static void expect_nothing(void)
{
	judge();
	assert_int_equal(f.count, 0);
}

/* --- Counts against pointers ------------------------------------------------ */

static void a_count_above_the_pointers_is_over_retained(void **state)
{
	(void)state;
	add_used("Cached", 3);
	expect_only(FINDING_OVER, 1, 64, 2);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "high");
}

static void a_declared_root_may_hold_any_number_of_references(void **state)
{
	(void)state;
	add("Registered", 3);
	scene_declared_root(&s, 0);
	expect_nothing();
}

static void a_pointer_into_itself_holds_nothing(void **state)
{
	uint32_t o;

	(void)state;
	o = add_used("Text", 2);
	scene_edge(&s, s.objects[o].block, 8, s.objects[o].block, 24);
	expect_only(FINDING_OVER, 1, 64, 1);
}

/* A pointer alone would be a leak's. */
static void an_object_that_holds_itself_is_a_cycle(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Timer", 1);
	scene_reference(&s, o, o, "self");
	point(o, 8, o);
	expect_only(FINDING_CYCLE, 1, 64, 0);
}

static void an_object_with_a_pointer_to_itself_is_none(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Widget", 1);
	point(o, 8, o);
	expect_only(FINDING_REFERENCE, 1, 64, 1);
}

/* --- Holders without pointers ------------------------------------------------ */

static void holders_that_keep_numbers_explain_a_count(void **state)
{
	uint32_t o, first, second;

	(void)state;
	o = add_used("Named", 2);
	first = add_used("Holder", 1);
	second = add_used("Holder", 1);
	scene_reference(&s, o, first, "id");
	scene_reference(&s, o, second, "id");
	expect_nothing();
}

static void one_pointer_may_stand_for_several_references(void **state)
{
	uint32_t holder, o;

	(void)state;
	holder = add_used("Holder", 1);
	o = add("Budget", 4);
	point(holder, 8, o);
	for (int i = 0; i < 4; i++)
		scene_reference(&s, o, holder, "bulk");
	expect_nothing();
}

static void what_a_holder_in_use_holds_is_in_use(void **state)
{
	uint32_t holder, o, lost_holder, lost;

	(void)state;
	holder = add_used("Holder", 1);
	o = add("Encoded", 1);
	lost_holder = add("Holder", 1);
	lost = add("Encoded", 1);
	scene_reference(&s, o, holder, NULL);
	scene_reference(&s, lost, lost_holder, NULL);
	expect_only(FINDING_REFERENCE, 1, 64, 1);
	assert_int_equal(f.list[0].held_objects, 1);
}

static void what_a_static_holder_holds_is_in_use(void **state)
{
	uint32_t o;

	(void)state;
	s.module.start = 0x100000;
	s.module.end = 0x200000;
	o = add("Encoded", 1);
	scene_reference(&s, o, 0, NULL)->holder = 0x123400;
	expect_nothing();
}

static void what_a_holder_in_freed_memory_held_is_lost(void **state)
{
	uint32_t o;

	(void)state;
	s.module.start = 0x100000;
	s.module.end = 0x200000;
	o = add("Kept", 1);
	scene_reference(&s, o, 0, NULL)->holder = 0x300000;
	expect_only(FINDING_REFERENCE, 1, 64, 1);
}

/* One holder has its pointer, in a table of its own or not; one has none. */
static void hold_two(bool table)
{
	uint32_t first = add_used("Holder", 1), second = add_used("Holder", 1);
	uint32_t rows = scene_block(&s, in_a, 64), a = add("Held", 1);
	uint32_t b = scene_object(&s, scene_block(&s, in_a, 100), 0, "Held", 1);

	scene_edge(&s, s.objects[first].block, 16, rows, 0);
	if (table)
		scene_edge(&s, rows, 0, s.objects[a].block, 0);
	else
		point(first, 8, a);
	scene_reference(&s, a, first, "slot");
	scene_reference(&s, b, second, "slot");
}

static void where_others_have_pointers_one_without_is_lost(void **state)
{
	(void)state;
	hold_two(false);
	expect_only(FINDING_LEAK, 1, 100, 0);
}

static void a_pointer_in_a_holders_table_is_the_holders(void **state)
{
	(void)state;
	hold_two(true);
	expect_only(FINDING_LEAK, 1, 100, 0);
}

static void a_reference_without_its_pointer_may_be_too_many(void **state)
{
	uint32_t holder, a, b;

	(void)state;
	holder = add_used("Holder", 1);
	a = add_used("Held", 2);
	b = add("Held", 1);
	point(holder, 8, b);
	scene_reference(&s, a, holder, "slot");
	scene_reference(&s, b, holder, "slot");
	expect_only(FINDING_OVER, 1, 64, 1);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "medium");
}

/* --- Releases that name nobody ------------------------------------------------ */

/* A parent in use has a child, which was said to hold it; somebody then gave
 * back one of two references on the parent. */
static void release_one_of_two(bool pointer)
{
	uint32_t parent = add_used("Parent", 1), child = add("Child", 1);

	point(parent, 8, child);
	if (pointer)
		point(child, 8, parent);
	scene_reference(&s, parent, child, "up");
	scene_reference(&s, child, parent, "down");
	scene_release(&s, parent, 10);
}

static void a_release_may_have_been_meant_for_a_named_one(void **state)
{
	(void)state;
	release_one_of_two(false);
	expect_nothing();
}

static void a_pointer_shows_that_the_named_one_is_left(void **state)
{
	(void)state;
	release_one_of_two(true);
	expect_only(FINDING_CYCLE, 2, 128, 0);
}

static void an_ended_holders_reference_was_not_given_back(void **state)
{
	uint32_t o, ended;

	(void)state;
	o = add_used("Kept", 2);
	ended = scene_ended(&s, "Holder");
	scene_release(&s, o, 0); /* before it was taken */
	scene_reference(&s, o, ended, "slot");
	expect_only(FINDING_REFERENCE, 1, 64, 1);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "high");
}

static void an_ended_holder_may_have_given_back_unnamed(void **state)
{
	uint32_t o, ended;

	(void)state;
	o = add_used("Kept", 1);
	ended = scene_ended(&s, "Holder");
	scene_reference(&s, o, ended, "slot");
	scene_release(&s, o, 10);
	expect_nothing();
}

static void too_few_pointers_tell_that_it_did_not(void **state)
{
	uint32_t o, ended;

	(void)state;
	o = add_used("Kept", 2);
	ended = scene_ended(&s, "Holder");
	scene_reference(&s, o, ended, "slot");
	scene_release(&s, o, 10);
	expect_only(FINDING_REFERENCE, 1, 64, 1);
	assert_string_equal(finding_confidence(&f.list[0], &s.m), "medium");
}

static void a_lost_cycle_holds_what_stale_pointers_lead_to(void **state)
{
	uint32_t a, b, c;

	(void)state;
	a = add("Ring", 1);
	b = add("Ring", 1);
	c = add_used("Tail", 1);
	point(a, 8, b);
	point(b, 8, a);
	point(b, 16, c);
	scene_reference(&s, a, b, "other");
	scene_reference(&s, b, a, "other");
	scene_reference(&s, c, b, "tail");
	expect_only(FINDING_CYCLE, 2, 128, 0);
	assert_int_equal(f.list[0].held_objects, 1);
	assert_int_equal(f.list[0].held_bytes, 64);
	assert_int_equal(f.list[0].hint_objects, 3);
}

static void what_freed_objects_own_is_freed_with_them(void **state)
{
	uint32_t a, b, own, shared;

	(void)state;
	a = add("Ring", 1);
	b = add("Ring", 1);
	own = scene_block(&s, in_b, 30);
	shared = scene_block(&s, in_b, 5);
	point(a, 8, b);
	point(b, 8, a);
	scene_edge(&s, s.objects[a].block, 16, own, 0);
	scene_edge(&s, s.objects[b].block, 16, shared, 0);
	scene_root(&s, shared, 0);
	scene_reference(&s, a, b, "other");
	scene_reference(&s, b, a, "other");
	expect_only(FINDING_CYCLE, 2, 128, 0);
	assert_int_equal(f.list[0].hint_objects, 3);
	assert_int_equal(f.list[0].hint_bytes, 158);
}

/* --- Objects that are parts of blocks ------------------------------------------ */

/* A block with a header of 16 bytes, which is an object behind it. */
static uint32_t add_behind_header(const char *type, int64_t count)
{
	return scene_object(&s, scene_block(&s, in_a, 80), 16, type, count);
}

static void point_at(uint32_t from, uint64_t offset, uint32_t to)
{
	const struct rkn_object *a = &s.objects[from], *b = &s.objects[to];

	scene_edge(&s, a->block,
		   a->address - s.blocks[a->block].address + offset, b->block,
		   (uint32_t)(b->address - s.blocks[b->block].address));
}

static void an_object_behind_a_header_is_its_block(void **state)
{
	uint32_t parent, child;

	(void)state;
	parent = add_behind_header("Parent", 1);
	child = add_behind_header("Child", 1);
	point_at(parent, 8, child);
	point_at(child, 8, parent);
	scene_reference(&s, parent, child, "up")->kind = RKN_REFERENCE_WEAK;
	scene_reference(&s, child, parent, "down");
	expect_only(FINDING_REFERENCE, 1, 80, 1);
	assert_int_equal(f.list[0].held_objects, 1);
}

static void an_object_behind_a_header_may_be_over_retained(void **state)
{
	(void)state;
	add_behind_header("Cached", 3);
	scene_root(&s, 0, 16);
	for (uint32_t i = 1; i < 3; i++) { /* so that it is a header */
		scene_block(&s, in_a, 80);
		scene_root(&s, i, 16);
	}
	expect_only(FINDING_OVER, 1, 80, 2);
}

/* Objects at 64, 128, ... of one block of 4 KiB that is in use. */
static void add_pool(uint32_t count, int64_t references)
{
	uint32_t block = scene_block(&s, in_a, 4096);

	for (uint32_t i = 1; i <= count; i++)
		scene_object(&s, block, 64 * i, "Pooled", references);
	scene_root(&s, block, 0);
}

/* 1 and 2 hold each other, and so do 3 and 4; 5 is in use. */
static void cycles_in_a_pool_are_of_its_objects(void **state)
{
	(void)state;
	add_pool(5, 1);
	for (uint32_t i = 1; i < 5; i++) {
		uint32_t other = i % 2 ? i + 1 : i - 1;

		point_at(i, 8, other);
		scene_reference(&s, i, other, "other");
	}
	scene_release(&s, 1, 0);
	expect_only(FINDING_CYCLE, 4, 128 + 3 * 64, 0);
	assert_int_equal(f.list[0].count, 2);
	assert_int_equal(f.list[0].member_count, 2);
	assert_int_equal(f.list[0].member_objects[0], 1);
	assert_int_equal(f.list[0].member_objects[1], 2);
	assert_int_not_equal(f.list[0].reference, RKN_NONE);
	assert_int_equal(f.list[0].hint_objects, 2);
	assert_int_equal(f.owner[0], 0);
}

static void a_cycle_in_a_pool_silences_no_other_object(void **state)
{
	(void)state;
	add_pool(3, 1);
	s.objects[3].count = 0;
	scene_reference(&s, 1, 2, "other");
	scene_reference(&s, 2, 1, "other");
	point_at(1, 8, 2);
	point_at(2, 8, 1);
	judge();
	assert_int_equal(f.count, 2);
	expect(0, FINDING_CYCLE, 2, 192, 0);
	expect(1, FINDING_ZERO, 1, 4096 - 192, 0);
}

static void bytes_of_a_pool_are_counted_once(void **state)
{
	(void)state;
	add_pool(8, 0);
	expect_only(FINDING_ZERO, 8, 4096, 0);
}

static void an_object_with_several_lost_references_is_one(void **state)
{
	uint32_t o, ended;

	(void)state;
	o = add_used("Target", 6);
	ended = scene_ended(&s, "Holder");
	for (int i = 0; i < 5; i++)
		scene_reference(&s, o, ended, "slot");
	expect_only(FINDING_REFERENCE, 1, 64, 5);
	assert_int_equal(f.list[0].count, 1);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, judged_setup, judged_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_count_above_the_pointers_is_over_retained),
		TEST(a_declared_root_may_hold_any_number_of_references),
		TEST(a_pointer_into_itself_holds_nothing),
		TEST(an_object_that_holds_itself_is_a_cycle),
		TEST(an_object_with_a_pointer_to_itself_is_none),
		TEST(holders_that_keep_numbers_explain_a_count),
		TEST(one_pointer_may_stand_for_several_references),
		TEST(what_a_holder_in_use_holds_is_in_use),
		TEST(what_a_static_holder_holds_is_in_use),
		TEST(what_a_holder_in_freed_memory_held_is_lost),
		TEST(where_others_have_pointers_one_without_is_lost),
		TEST(a_pointer_in_a_holders_table_is_the_holders),
		TEST(a_reference_without_its_pointer_may_be_too_many),
		TEST(a_release_may_have_been_meant_for_a_named_one),
		TEST(a_pointer_shows_that_the_named_one_is_left),
		TEST(an_ended_holders_reference_was_not_given_back),
		TEST(an_ended_holder_may_have_given_back_unnamed),
		TEST(too_few_pointers_tell_that_it_did_not),
		TEST(a_lost_cycle_holds_what_stale_pointers_lead_to),
		TEST(what_freed_objects_own_is_freed_with_them),
		TEST(an_object_behind_a_header_is_its_block),
		TEST(an_object_behind_a_header_may_be_over_retained),
		TEST(cycles_in_a_pool_are_of_its_objects),
		TEST(a_cycle_in_a_pool_silences_no_other_object),
		TEST(bytes_of_a_pool_are_counted_once),
		TEST(an_object_with_several_lost_references_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
