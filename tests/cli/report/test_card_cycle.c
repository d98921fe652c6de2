/* SPDX-License-Identifier: MIT */
/* Cards of cycles and of references, on hand-made heaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "card.h"
#include "scene.h"

static struct scene s;
static uint32_t in_node, in_parse;

static int setup(void **state)
{
	const char *node[] = { "node_new", "serve", "main", NULL };
	const char *parse[] = { "malloc", "parse_header", "serve", "main",
				NULL };

	(void)state;
	scene_init(&s);
	in_node = scene_stack(&s, node);
	in_parse = scene_stack(&s, parse);
	return 0;
}

/* The body of the first finding's card, until the next call. */
static char *card(void)
{
	static char result[1 << 14];
	FILE *out = fmemopen(result, sizeof(result), "w");
	struct reading in = scene_read(&s);
	struct printer p = { .out = out, .in = &in };
	struct findings f;

	assert_non_null(out);
	findings_make(&f, &in);
	assert_true(f.count);
	report_announce(&in, &f.list[0], FINDING_DRAWN);
	card_body(&p, &f.list[0], CARD_DEPTH);
	findings_release(&f);
	names_close(in.names);
	block_types_close(in.types);
	fclose(out);
	return result;
}

static void expect(const char *expected)
{
	const char *result = card();

	if (!strstr(result, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, result);
}

static void expect_not(const char *text)
{
	const char *result = card();

	if (strstr(result, text))
		fail_msg("\"%s\" is in:\n%s", text, result);
}

/* --- Cycles of blocks ------------------------------------------------------------- */

static void a_cycle_is_one_line_with_its_sites(void **state)
{
	(void)state;
	scene_block(&s, in_node, 264);
	scene_block(&s, in_parse, 72);
	scene_block(&s, in_parse, 32);
	scene_edge(&s, 0, 0x20, 1, 0);
	scene_edge(&s, 1, 8, 0, 0);
	scene_edge(&s, 0, 0x28, 2, 0);
	assert_string_equal(
	    card(),
	    "   264 B from node_new --+0x20--> 72 B from parse_header --+0x8--> back\n"
	    "   made by      node_new      scene.c:3\n"
	    "                parse_header  scene.c:6\n"
	    "   both in      serve         scene.c:2\n"
	    "   from         main          scene.c:1\n"
	    "   to break it  clear or weaken +0x8 of the 72 B from parse_header: frees all 3 objects, 368 B, if it counts as a reference\n");
}

static void what_main_did_for_all_is_not_said(void **state)
{
	const char *one[] = { "one", "main", NULL };
	const char *two[] = { "two", "main", NULL };

	(void)state;
	scene_block(&s, scene_stack(&s, one), 8);
	scene_block(&s, scene_stack(&s, two), 8);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 0, 0, 0);
	expect_not("both in");
	/* Nor what is not all of the stacks. */
	setup(NULL);
	scene_block(&s, in_node, 8);
	scene_block(&s, in_parse, 8);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 0, 0, 0);
	expect("   both in      serve ");
	s.stacks[in_parse].flags |= RKN_STACK_TRUNCATED;
	expect_not("both in");
}

static void of_many_members_the_shortest_way_is_drawn(void **state)
{
	(void)state;
	/* A ring of 17 that leads back from the fourth member, too. */
	scene_block(&s, in_node, 8);
	for (uint32_t i = 1; i < 17; i++)
		scene_block(&s, in_parse, 16);
	for (uint32_t i = 0; i < 17; i++)
		scene_edge(&s, i, 0, (i + 1) % 17, 0);
	scene_edge(&s, 2, 8, 0, 0);
	scene_edge(&s, 7, 8, 3, 0);
	expect("   8 B from node_new --+0x0-->\n"
	       "   16 B from parse_header --+0x0-->\n"
	       "   16 B from parse_header --+0x8--> back\n"
	       "   and 14 more objects, 16 more pointers between them\n");
	expect(
	    "clear or weaken +0x8 of the 16 B from parse_header and clear one +0x0 of the 16 B from parse_header: frees all 17 objects, 264 B, if it counts as a reference\n");
}

static void a_long_way_is_not_drawn_whole(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		scene_block(&s, in_node, 8);
		scene_edge(&s, i, 0, (i + 1) % 40, 0);
	}
	expect("   8 B from node_new --+0x0-->\n"
	       "   ... 38 more ...\n"
	       "   8 B from node_new --+0x0--> back\n"
	       "   made by      node_new  scene.c:3\n");
	expect(
	    "clear one +0x0 of the 8 B from node_new: frees all 40 objects, 320 B, if it counts as a reference\n");
}

static void all_arrows_of_a_step_are_named(void **state)
{
	(void)state;
	scene_block(&s, in_node, 64);
	scene_block(&s, in_parse, 64);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 0, 8, 1, 16);
	for (unsigned i = 0; i < 4; i++)
		scene_edge(&s, 1, 8 * i, 0, 0);
	expect("   64 B from node_new --+0x0, +0x8-->\n"
	       "   64 B from parse_header --+0x0, +0x8, +0x10, ...--> back\n"
	       "   made by ");
	/* Too many to be cut. */
	expect_not("to break it");
	s.m.edge_count--;
	expect(
	    "clear or weaken +0x0, +0x8 and +0x10 of the 64 B from parse_header: frees all 2 objects");
}

static void what_breaks_it_keeps_what_the_head_leads_to(void **state)
{
	(void)state;
	/* From 0 to 2 to 1 and back: 2 leads back in time, too. */
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_node, 8 + 8 * (uint64_t)i);
	scene_edge(&s, 0, 0, 2, 0);
	scene_edge(&s, 2, 8, 1, 0);
	scene_edge(&s, 1, 8, 0, 0);
	expect(
	    "   to break it  clear or weaken +0x8 of the 16 B from node_new: frees all 3 objects, 48 B, if it counts as a reference\n");
}

static void a_list_in_two_directions_is_broken_twice(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 7; i++) {
		scene_block(&s, in_node, 56);
		scene_edge(&s, i, 0, (i + 1) % 7, 0);
		scene_edge(&s, i, 8, (i + 6) % 7, 0);
	}
	expect(
	    "   56 B from node_new --+0x0--> 56 B from node_new --+0x8--> back\n"
	    "   and 5 more objects, 12 more pointers between them\n");
	expect(
	    "clear or weaken +0x8 of the 56 B from node_new and clear one +0x0 of the 56 B from node_new: frees all 7 objects, 392 B, if it counts as a reference\n");
}

static void what_still_holds_each_other_is_counted(void **state)
{
	(void)state;
	/* A pair that the head leads to, and 4 arrows from the one to the other. */
	scene_block(&s, in_parse, 8);
	scene_block(&s, in_node, 64);
	scene_block(&s, in_node, 64);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 0, 0, 0);
	for (unsigned i = 1; i < 5; i++) {
		scene_edge(&s, 1, 8 * i, 2, 0);
		scene_edge(&s, 2, 8 * i, 1, 0);
	}
	expect(": 2 of 3 objects still hold each other\n");
	expect_not("frees");
}

static void cycles_that_are_alike_free_what_each_has(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i += 2) {
		scene_block(&s, in_node, 24);
		scene_block(&s, in_parse, 24);
		scene_edge(&s, i, 8, i + 1, 0);
		scene_edge(&s, i + 1, 0, i, 0);
	}
	expect(
	    "clear or weaken +0x0 of the 24 B from parse_header: frees all 2 objects of each, if it counts as a reference\n");
}

static void a_block_that_holds_itself_is_drawn(void **state)
{
	uint32_t o;

	(void)state;
	o = scene_object(&s, scene_block(&s, in_node, 24), 0, "Node", 1);
	scene_edge(&s, 0, 16, 0, 0);
	scene_reference(&s, o, o, "self");
	expect("   Node --+0x10--> back\n");
}

/* --- Cycles of objects -------------------------------------------------------------- */

static uint32_t add(uint32_t stack, const char *type, int64_t count)
{
	return scene_object(&s, scene_block(&s, stack, 64), 0, type, count);
}

static void point(uint32_t from, uint64_t offset, uint32_t to)
{
	scene_edge(&s, s.objects[from].block, offset, s.objects[to].block, 0);
}

static void the_program_says_what_closed_it(void **state)
{
	struct rkn_reference *r;

	(void)state;
	add(in_node, "Session", 1);
	add(in_parse, "Connection", 1);
	scene_block(&s, in_parse, 100);
	scene_edge(&s, 1, 8, 2, 0);
	point(1, 8, 2);
	point(2, 16, 1);
	r = scene_reference(&s, 1, 2, "session");
	r->order = 90;
	r->stack = in_parse;
	scene_reference(&s, 2, 1, "connection")->order = 10;
	scene_release(&s, 1, 99);
	s.events[0].count = 1;
	s.events[0].stack = in_node;
	assert_string_equal(
	    card(),
	    "   Session --+0x8--> Connection --+0x10--> back\n"
	    "   made by      node_new      scene.c:3\n"
	    "                parse_header  scene.c:6\n"
	    "   both in      serve         scene.c:2\n"
	    "   from         main          scene.c:1\n"
	    "   closed by    parse_header  scene.c:6, from serve  scene.c:5 (Connection.session)\n"
	    "   orphaned by  node_new  scene.c:3, from serve  scene.c:2\n"
	    "   to break it  clear or weaken Connection.session: frees 3 objects, 228 B\n");
	/* Where no field is named, the pointer shows it. */
	s.references[0].field = 0;
	expect("clear or weaken +0x10 of Connection: frees 3 objects");
}

static void what_the_program_calls_weak_is_no_way(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		add(in_node, i ? "Child" : "Parent", 1);
	point(1, 8, 2);
	point(2, 8, 3);
	point(3, 8, 1);
	point(2, 16, 1); /* weak */
	point(3, 16, 2); /* borrowed: the one reference on it is the parent's */
	scene_reference(&s, 1, 2, "up")->kind = RKN_REFERENCE_WEAK;
	scene_reference(&s, 1, 3, "top")->order = 99;
	scene_reference(&s, 2, 1, "down");
	scene_reference(&s, 3, 2, "down");
	expect("   Parent --+0x8--> Child --+0x8--> Child --+0x8--> back\n");
	expect_not("more");
	expect("clear or weaken Child.top: frees 3 objects, 192 B\n");
	/* Nor if there is a reference that it might be. */
	s.objects[1].count = 2;
	expect("   also held by 1 reference without a recorded owner\n");
	expect_not("more");
}

static void a_reference_without_a_pointer_is_drawn(void **state)
{
	(void)state;
	add(in_node, "Node", 1);
	add(in_node, "Node", 1);
	scene_root(&s, 0, 0); /* stale */
	point(1, 8, 2);
	scene_reference(&s, 1, 2, "other");
	scene_reference(&s, 2, 1, "other");
	expect("   Node --.other--> Node --+0x8--> back\n");
	expect("pointers to it are left: stale or borrowed\n");
}

static void references_that_it_does_not_explain_free_nothing(void **state)
{
	(void)state;
	add(in_node, "Node", 2);
	add(in_node, "Node", 1);
	point(1, 8, 2);
	point(2, 8, 1);
	scene_reference(&s, 2, 1, "next");
	expect(
	    "   closed by    perhaps +0x8 of Node#2 to Node#1, not declared as a reference\n");
	expect_not("frees");
	expect_not("also held");
	s.objects[1].flags |= RKN_OBJECT_MAKER;
	expect("   more         refknot balance 'scene.rkn' 'Node#1'\n");
	scene_init(&s);
	setup(NULL);
	add(in_node, "Node", 2);
	add(in_node, "Node", 1);
	point(1, 8, 2);
	point(2, 8, 1);
	scene_reference(&s, 1, 2, "next");
	scene_reference(&s, 2, 1, "next");
	expect("   also held by 1 reference without a recorded owner\n");
	expect(
	    "   to break it  clear or weaken Node.next: frees 1 object, 64 B\n");
}

static void objects_of_a_pool_have_fields_of_their_own(void **state)
{
	uint32_t block = scene_block(&s, in_node, 4096);

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		scene_object(&s, block, 64 * i, "Pooled", 1);
	scene_root(&s, block, 0);
	scene_edge(&s, block, 64 + 8, block, 128);
	scene_edge(&s, block, 128 + 16, block, 64);
	scene_edge(&s, block, 192 + 8, block, 64); /* of the third */
	scene_reference(&s, 1, 2, "back")->order = 99;
	scene_reference(&s, 2, 1, "other");
	expect("   Pooled --+0x8--> Pooled --+0x10--> back\n");
}

/* --- References --------------------------------------------------------------------- */

/* A call on `object` by `stack` that takes (or gives back) `n` references. */
static void call(uint32_t object, uint32_t stack, int kind, int n)
{
	for (int i = 0; i < n; i++) {
		size_t e = s.m.event_count;

		scene_release(&s, object, 10 + e);
		s.events[e].kind = (uint8_t)kind;
		s.events[e].stack = stack;
		s.events[e].count = 9;
	}
}

static uint32_t stack_of(const char *call, const char *caller)
{
	const char *list[] = { call, caller, "main", NULL };

	return scene_stack(&s, list);
}

static void the_balance_comes_first_and_the_certain_at_the_top(void **state)
{
	uint32_t o;

	(void)state;
	o = add(in_node, "Value", 3);
	s.objects[o].flags |= RKN_OBJECT_MAKER;
	call(o, stack_of("get", "describe"), RKN_EVENT_RETAIN, 1);
	call(o, stack_of("subscribe", "watch"), RKN_EVENT_RETAIN, 3);
	call(o, stack_of("put", "drop"), RKN_EVENT_RELEASE, 2);
	assert_string_equal(
	    card(),
	    "                                    took  gave back\n"
	    "                subscribe in watch     3          0   <-- scene.c:12\n"
	    "                get in describe        1          0   perhaps scene.c:9\n"
	    "                node_new in serve      1          0   perhaps scene.c:2\n"
	    "                put in drop            0          2\n"
	    "                of 3 references that are left, 1 is certain\n"
	    "   a guess      taken by its maker, node_new  scene.c:3, from serve  scene.c:2\n"
	    "   count        3; not given back: 3 references\n"
	    "   more         refknot balance 'scene.rkn' 'Value#1'\n");
}

static void what_is_certain_needs_no_guess(void **state)
{
	uint32_t o;

	(void)state;
	o = add(in_node, "Value", 2);
	call(o, stack_of("subscribe", "watch"), RKN_EVENT_RETAIN, 2);
	expect("   <-- scene.c:9\n");
	expect_not("certain");
	expect_not("guess");
	expect_not("perhaps");
}

static void calls_that_were_not_kept_are_said(void **state)
{
	uint32_t o;

	(void)state;
	o = add(in_node, "Value", 2);
	call(o, stack_of("subscribe", "watch"), RKN_EVENT_RETAIN, 2);
	s.objects[o].event_count = 9;
	expect("perhaps scene.c:9\n");
	expect("                not all calls are known\n");
}

static void most_callers_are_counted_only(void **state)
{
	static char names[9][8];
	uint32_t o;

	(void)state;
	o = add(in_node, "Value", 9);
	for (int i = 0; i < 9; i++) {
		snprintf(names[i], sizeof(names[i]), "take%d", i);
		call(o, stack_of(names[i], names[i]), RKN_EVENT_RETAIN, 1);
	}
	expect("                ... 6 more functions\n");
}

static void a_holder_that_ended_is_named(void **state)
{
	struct rkn_reference *r;
	uint32_t o, ended;

	(void)state;
	o = add(in_node, "Kept", 2);
	scene_root(&s, 0, 0);
	s.objects[o].flags |= RKN_OBJECT_MAKER;
	ended = scene_ended(&s, "Holder");
	s.objects[ended].ended_stack = in_parse;
	r = scene_reference(&s, o, ended, "slot");
	r->stack = in_parse;
	r->holder = 0x99;
	call(o, in_parse, RKN_EVENT_RETAIN, 1);
	s.events[0].holder = ended;
	expect("<-- scene.c:6, for Holder#1, which has ended\n");
	expect(
	    "   held by      Holder#1, freed by parse_header  scene.c:6, from serve  scene.c:5\n");
	expect("   count        2; not given back: 1 reference\n");
}

static void counts_that_do_not_agree_are_told(void **state)
{
	uint32_t o;

	(void)state;
	o = add(in_node, "Cached", 3);
	scene_root(&s, 0, 0);
	expect(
	    "   count        3, but fewer pointers: at least 2 references not given back\n");
	s.objects[o].count = 0;
	call(o, in_parse, RKN_EVENT_RELEASE, 1);
	expect(
	    "   count        0: the last reference was given back, but it was not freed\n"
	    "   given back   parse_header  scene.c:6, from serve  scene.c:5\n"
	    "   made by      node_new ");
	setup(NULL);
	o = add(in_node, "Shared", 1);
	add(in_node, "User", 1);
	scene_root(&s, 0, 0);
	scene_root(&s, 1, 0);
	scene_reference(&s, o, 2, "a")->stack = in_parse;
	scene_reference(&s, o, 2, "b")->stack = in_parse;
	expect(
	    "   count        1, but holders have 1 reference more: it may be freed in use\n"
	    "   taken by     parse_header  scene.c:6, from serve  scene.c:5, for User#1\n");
}

static void wrong_use_says_where_and_of_what(void **state)
{
	static struct rkn_error e;

	(void)state;
	add(in_node, "Wrong", 1);
	scene_root(&s, 0, 0);
	e = (struct rkn_error){ .kind = RKN_ERROR_FREED_WHILE_HELD,
				.type = s.objects[1].type,
				.serial = 7,
				.stack = in_parse,
				.made_stack = in_node,
				.ended_stack = in_parse,
				.references = 2,
				.count = 3 };
	s.m.errors = &e;
	s.m.error_count = 1;
	expect(
	    "   object       Wrong#7, freed with 2 references left, the first of 3\n"
	    "   at           parse_header  scene.c:6, from serve  scene.c:5\n"
	    "   made by      node_new  scene.c:3, from serve  scene.c:2\n"
	    "   freed by     parse_header ");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cycle_is_one_line_with_its_sites),
		TEST(what_main_did_for_all_is_not_said),
		TEST(of_many_members_the_shortest_way_is_drawn),
		TEST(a_long_way_is_not_drawn_whole),
		TEST(all_arrows_of_a_step_are_named),
		TEST(what_breaks_it_keeps_what_the_head_leads_to),
		TEST(a_list_in_two_directions_is_broken_twice),
		TEST(what_still_holds_each_other_is_counted),
		TEST(cycles_that_are_alike_free_what_each_has),
		TEST(a_block_that_holds_itself_is_drawn),
		TEST(the_program_says_what_closed_it),
		TEST(what_the_program_calls_weak_is_no_way),
		TEST(a_reference_without_a_pointer_is_drawn),
		TEST(references_that_it_does_not_explain_free_nothing),
		TEST(objects_of_a_pool_have_fields_of_their_own),
		TEST(the_balance_comes_first_and_the_certain_at_the_top),
		TEST(what_is_certain_needs_no_guess),
		TEST(calls_that_were_not_kept_are_said),
		TEST(most_callers_are_counted_only),
		TEST(a_holder_that_ended_is_named),
		TEST(counts_that_do_not_agree_are_told),
		TEST(wrong_use_says_where_and_of_what),
	};

	return cmocka_run_group_tests_name("card_cycle", tests, NULL, NULL);
}
