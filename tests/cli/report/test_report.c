/* SPDX-License-Identifier: MIT */
/* What reports say, to the letter, about hand-made heaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document.h"
#include "paint.h"
#include "report.h"
#include "scene.h"

static struct scene s;
static uint32_t in_node, in_parse;

static int setup(void **state)
{
	const char *parse[] = { "strdup", "parse_header", "main", NULL };

	(void)state;
	report_full = 1; /* test_card.c has cards */
	scene_init(&s);
	in_node = scene_in(&s, "node_new");
	in_parse = scene_stack(&s, parse);
	return 0;
}

/* So that texts can be compared; signatures have tests of their own. */
static void blank_signature(char *report)
{
	char *sig = strstr(report, "sig ");

	assert_non_null(sig);
	memset(sig + 4, 'x', 16);
}

/* The report's text, until the next call. */
static char *text(const struct report_options *o)
{
	static char result[1 << 16];
	FILE *out = fmemopen(result, sizeof(result), "w");
	struct reading in = scene_read(&s);

	assert_non_null(out);
	report_text(out, &in, o);
	names_close(in.names);
	block_types_close(in.types);
	fclose(out);
	return result;
}

static void expect_text(const struct report_options *o, const char *expected)
{
	char *result = text(o);

	assert_string_equal(result, expected);
}

static void expect_in(const struct report_options *o, const char *expected)
{
	char *result = text(o);

	if (!strstr(result, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, result);
}

static void expect_within(const char *expected)
{
	expect_in(NULL, expected);
}

/* With possible leaks. */
static const struct report_options with_possible = {
	.kinds = REPORT_ALL_KINDS,
};

/* The document for documents_add(). */
static json_t *made(void)
{
	struct report_options o = { .kinds = REPORT_FINDINGS,
				    .listed = 1u << FINDING_POSSIBLE };

	struct reading in = scene_read(&s);
	json_t *document = report_json(&in, &o);

	names_close(in.names);
	block_types_close(in.types);
	return document;
}

/* The document that is written, as others read it. */
static json_t *json(void)
{
	struct documents d;
	json_t *document;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	documents_init(&d, 1);
	documents_add(&d, made());
	documents_write(&d, out);
	fclose(out);
	document = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	free(text);
	return document;
}

static void nothing_wrong_is_two_lines(void **state)
{
	(void)state;
	scene_block(&s, in_node, 2000);
	scene_root(&s, 0, 0);
	expect_text(NULL, "refknot: no findings; 1 block, 2.0 KiB alive\n"
			  "checked: 1 block; nothing left out\n");
	s.m.meta.root_bytes = 3 << 10;
	s.m.threads[1].flags = RKN_THREAD_ALIVE | RKN_THREAD_STOPPED;
	expect_within(
	    "\nchecked: 1 block, 3.0 KiB of roots, 1 thread; nothing left out\n");
	s.m.threads[1].flags = RKN_THREAD_ALIVE;
	s.m.limits[RKN_LIMIT_THREAD_RUNNING] = 1;
	expect_within(
	    "\nchecked: 1 block, 3.0 KiB of roots, 1 thread (1 did not stop)\n"
	    "   not seen: 1 thread that did not stop for the snapshot, ");
}

static void a_cycle_is_drawn_member_by_member(void **state)
{
	char *result;

	(void)state;
	scene_block(&s, in_node, 24);
	scene_block(&s, in_node, 24);
	scene_block(&s, in_parse, 5);
	scene_edge(&s, 0, 8, 1, 0);
	scene_edge(&s, 1, 0x98, 0, 16);
	scene_edge(&s, 1, 0, 2, 0);
	result = text(NULL);
	blank_signature(result);
	assert_string_equal(
	    result,
	    "refknot: 1 orphaned cycle; 3 blocks, 53 B lost\n"
	    "\n"
	    "#1 ORPHANED CYCLE  2 objects, 48 B  (holds 1 more, 5 B)  confidence high  evidence scan  sig xxxxxxxxxxxxxxxx\n"
	    "    ROOT CYCLE malloc in node_new#1  0x1000 [24 B]\n"
	    "        allocated by node_new at scene.c:2 (scene), called by main at scene.c:1 (scene)\n"
	    "        --+0x8-->\n"
	    "    malloc in node_new#2  0x2000 [24 B]\n"
	    "        allocated by node_new at scene.c:2 (scene), called by main at scene.c:1 (scene)\n"
	    "        --+0x98 to +0x10--> CYCLE BACK TO malloc in node_new#1\n"
	    "    break hint: clear or weaken +0x98 of the 24 B from node_new: frees all 3 objects, 53 B, if it counts as a reference\n"
	    "    call stack of the first member:\n"
	    "    #0  node_new at scene.c:2 (scene)\n"
	    "    #1  main at scene.c:1 (scene)\n"
	    "\nchecked: 3 blocks; nothing left out\n");
}

static void leaks_tell_their_stack_and_what_they_hold(void **state)
{
	char *result;

	(void)state;
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_parse, 100);
	scene_block(&s, in_node, 32);
	scene_block(&s, in_node, 32);
	scene_edge(&s, 0, 0, 3, 0);
	scene_edge(&s, 3, 0, 4, 0);
	scene_edge(&s, 4, 0, 3, 0);
	result = text(NULL);
	blank_signature(result);
	assert_string_equal(
	    result,
	    "refknot: 1 leak; 5 blocks, 364 B lost\n"
	    "\n"
	    "#1 LEAK  3 objects, 300 B  (holds 2 more, 64 B)  confidence high  evidence scan  sig xxxxxxxxxxxxxxxx\n"
	    "    malloc in parse_header#1  0x1000 [100 B] and 2 more from the same stack\n"
	    "    #0  strdup at scene.c:5 (scene)\n"
	    "    #1  parse_header at scene.c:4 (scene)\n"
	    "    #2  main at scene.c:3 (scene)\n"
	    "    holds a cycle of 2 objects\n"
	    "\nchecked: 5 blocks; nothing left out\n");
}

static void a_block_that_holds_itself_is_drawn(void **state)
{
	uint32_t o;

	(void)state;
	o = scene_object(&s, scene_block(&s, in_node, 24), 0, "Node", 1);
	scene_edge(&s, 0, 16, 0, 0);
	scene_reference(&s, o, o, "self");
	expect_within("        --+0x10--> CYCLE BACK TO Node#1\n");
}

static void a_leak_says_that_it_points_at_itself(void **state)
{
	(void)state;
	scene_block(&s, in_node, 24);
	expect_within(" [24 B]\n");
	scene_edge(&s, 0, 16, 0, 8);
	expect_within(" [24 B]\n");
	scene_edge(&s, 0, 0, 0, 0);
	expect_within(" LEAK  1 object, 24 B  ");
	expect_within("0x1000 [24 B]; points at itself\n");
}

static void a_big_cycle_is_cut_and_says_so(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		scene_block(&s, in_node, 8);
		scene_edge(&s, i, 0, (i + 1) % 40, 0);
	}
	expect_within("    ... omitting 28 more members of this cycle\n");
}

static void cycles_of_several_lengths_say_which_one_is_drawn(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		scene_block(&s, in_node, 8);
	scene_edge(&s, 0, 0, 1, 0);
	scene_edge(&s, 1, 0, 0, 0);
	for (uint32_t i = 2; i < 5; i++)
		scene_edge(&s, i, 0, (i - 1) % 3 + 2, 0);
	expect_within(
	    "#1 ORPHANED CYCLE  2 cycles of 2 to 3 objects, 5 objects, 40 B  ");
	expect_within("\n    shown is the largest of them, of 3 objects:\n"
		      "    ROOT CYCLE malloc in node_new#3  0x3000 [8 B]\n");
	for (uint32_t i = 5; i < 5 + 13; i++) {
		scene_block(&s, in_node, 8);
		scene_edge(&s, i, 0, (i - 4) % 13 + 5, 0);
	}
	expect_within(
	    "    shown is the largest that fits here, of 3 objects:\n");
}

static void what_the_limit_leaves_out_is_told(void **state)
{
	struct report_options o = { .kinds = REPORT_ALL_KINDS, .limit = 1 };
	char *result;

	(void)state;
	scene_block(&s, in_node, 24);
	scene_block(&s, in_parse, 24);
	result = text(&o);
	assert_non_null(strstr(result, "2 leaks; "));
	assert_non_null(strstr(result, "\nomitting 1 more finding, "));
	assert_null(strstr(result, "#2 LEAK"));
}

static void other_kinds_are_left_out(void **state)
{
	struct report_options o = { .kinds = 1u << FINDING_CYCLE };

	(void)state;
	scene_block(&s, in_node, 24);
	expect_text(&o,
		    "refknot: no orphaned cycles; 1 block, 24 B alive\n"
		    "checked: 1 block; nothing left out\n"
		    "\nnot shown: 1 leak; all: refknot report 'scene.rkn'\n");
}

static void a_check_that_was_not_made_is_the_verdict(void **state)
{
	(void)state;
	scene_block(&s, in_node, 24);
	s.m.meta.flags = 0;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	s.m.limits[RKN_LIMIT_NESTED] = 3;
	expect_text(
	    NULL,
	    "refknot: leaks and cycles were not checked: the process was killed, replaced by exec, or still runs; the check is made at its end; 1 block, 24 B alive; not all was seen, see below\n"
	    "   not seen: 3 allocations recorded without a call stack: made in a signal\n"
	    "             handler or in the dynamic loader while refknot itself was at work\n"
	    "             their blocks count as in use: if one is lost, the report does not\n"
	    "             say so\n"
	    "   not seen: 1 leak and cycle check not made: the process was killed, replaced\n"
	    "             by exec, or still runs; the check is made at its end\n"
	    "             what was alive is known, but not what was lost\n");
}

static void the_reason_for_no_check_is_the_true_one(void **state)
{
	(void)state;
	s.m.meta.flags = RKN_META_NO_SNAPSHOT;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	expect_within("not checked: no snapshot at the end was wanted;");
	s.m.meta.flags = 0;
	s.m.meta.end = RKN_END_SIGNAL;
	s.m.meta.end_value = 11;
	expect_within(
	    "not checked: signal 11 (Segmentation fault) ended the process and refknot's handler could not run");
	s.m.meta.end_value = 9;
	expect_within(
	    "not checked: signal 9 (Killed) ended the process, which nothing can catch");
}

static void a_possible_leak_is_no_finding_unless_asked_for(void **state)
{
	struct report_options o = { .kinds = REPORT_FINDINGS, .colour = true };
	json_t *document;
	int findings, possible;

	(void)state;
	scene_block(&s, in_node, 200);
	scene_root(&s, 0, 100);
	expect_text(
	    NULL,
	    "refknot: no findings; 1 block, 200 B alive\n"
	    "checked: 1 block; nothing left out\n"
	    "\n1 possible leak (1 object, 200 B), held by pointers into the middle only: refknot leaks -p 'scene.rkn' shows it\n");
	assert_ptr_equal(strstr(text(&o), paint(true, PAINT_GOOD)), text(&o));
	expect_in(&with_possible, "refknot: 1 possible leak\n");
	o.kinds = 1u << FINDING_CYCLE;
	o.colour = false;
	expect_text(&o, "refknot: no orphaned cycles; 1 block, 200 B alive\n"
			"checked: 1 block; nothing left out\n");
	document = json();
	assert_int_equal(json_unpack(document, "{s:{s:i,s:{s:{s:i}}}}",
				     "verdict", "findings", &findings,
				     "by_kind", "possible-leak", "findings",
				     &possible),
			 0);
	assert_int_equal(findings, 0);
	assert_int_equal(possible, 1);
	assert_int_equal(json_array_size(json_object_get(document, "findings")),
			 1);
	json_decref(document);
}

static void a_possible_leak_tells_what_holds_it(void **state)
{
	(void)state;
	scene_block(&s, in_node, 200);
	scene_root(&s, 0, 100);
	expect_in(
	    &with_possible,
	    "held by pointers into the middle only\n"
	    "    held at +0x64 by a pointer in data of scene, at 0x1000\n");
	s.symbols.data = "keep+0x8";
	expect_in(
	    &with_possible,
	    "    held at +0x64 by a pointer in data of scene (keep+0x8)\n");
	s.roots[0].kind = RKN_ROOT_MAP;
	expect_in(&with_possible,
		  "    held at +0x64 by a pointer in a mapping, at 0x1000\n");
	s.roots[0].kind = RKN_ROOT_STACK;
	s.roots[0].owner = 1;
	s.m.meta.pid = 70;
	s.threads[1].tid = 71;
	expect_in(&with_possible,
		  "    held at +0x64 by a pointer on the stack of thread 71\n");
	s.roots[0].kind = RKN_ROOT_TLS;
	s.threads[1].tid = 70;
	expect_in(
	    &with_possible,
	    "    held at +0x64 by a pointer in thread-local memory of the main thread\n");
}

/* Block 3 is held by 2, which is lost itself, and by 1, which is in use. */
static void a_block_in_use_is_told_as_holder_by_its_name(void **state)
{
	json_t *document;
	const char *kind, *name;
	int offset, to_offset;

	(void)state;
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_node, 24);
	scene_block(&s, in_parse, 200);
	scene_root(&s, 1, 0);
	scene_edge(&s, 0, 0, 3, 32);
	scene_edge(&s, 1, 16, 3, 16);
	expect_in(
	    &with_possible,
	    "    held at +0x10 by the pointer at +0x10 of malloc in node_new#2\n");
	document = json();
	assert_int_equal(
	    json_unpack(
		json_array_get(json_object_get(document, "findings"), 1),
		"{s:{s:s,s:s,s:i,s:i}}", "held_by", "kind", &kind, "name",
		&name, "offset", &offset, "to_offset", &to_offset),
	    0);
	assert_string_equal(kind, "block");
	assert_string_equal(name, "malloc in node_new#2");
	assert_int_equal(offset, 16);
	assert_int_equal(to_offset, 16);
	json_decref(document);
}

static void types_are_named_past_allocation_wrappers(void **state)
{
	const char *all[] = { "__strdup", "xmalloc.part.0", NULL };
	const char *operators[] = { "operator new(unsigned long)", "grow",
				    NULL };
	const char *internal[] = { "__GI___strdup", "copy", NULL };
	const char *unnamed[] = { "malloc", "", "main", NULL };

	(void)state;
	scene_block(&s, scene_stack(&s, all), 8);
	scene_block(&s, scene_stack(&s, operators), 8);
	scene_block(&s, scene_stack(&s, unnamed), 8);
	scene_block(&s, 0, 8);
	scene_block(&s, scene_stack(&s, internal), 8);
	expect_within("malloc in copy#1 ");
	expect_within("malloc in __strdup#1 ");
	expect_within("malloc in grow#1 ");
	expect_within("malloc in scene+0x100b#1 ");
	expect_within("malloc in unknown code#1 ");
}

static void objects_count_by_birth_among_their_type(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_node, 8);
	s.blocks[0].birth = 90;
	s.blocks[1].birth = 20;
	s.blocks[2].birth = 50;
	scene_root(&s, 0, 0);
	scene_root(&s, 1, 0);
	expect_within("malloc in node_new#2  0x3000");
}

static void control_characters_in_names_are_escaped(void **state)
{
	(void)state;
	scene_block(&s, scene_in(&s, "evil\033[2J"), 8);
	expect_within("malloc in evil\\x1b[2J#1");
}

static void json_has_members_and_edges(void **state)
{
	json_t *document;
	const char *kind, *confidence, *name, *to;
	int bytes, count, offset, to_offset;

	(void)state;
	scene_block(&s, in_node, 24);
	scene_block(&s, in_node, 30);
	scene_edge(&s, 0, 8, 1, 4);
	scene_edge(&s, 1, 0, 0, 0);
	document = json();
	assert_int_equal(
	    json_unpack(
		document, "{s:[{s:s,s:s,s:i,s:i,s:[{s:s,s:[{s:s,s:i,s:i}]}]}]}",
		"findings", "kind", &kind, "confidence", &confidence, "bytes",
		&bytes, "count", &count, "members", "name", &name, "edges",
		"to", &to, "offset", &offset, "to_offset", &to_offset),
	    0);
	assert_string_equal(kind, "orphaned-cycle");
	assert_string_equal(confidence, "high");
	assert_string_equal(name, "malloc in node_new#1");
	assert_string_equal(to, "malloc in node_new#2");
	assert_int_equal(bytes, 54);
	assert_int_equal(count, 1);
	assert_int_equal(offset, 8);
	assert_int_equal(to_offset, 4);
	json_decref(document);
}

static void json_replaces_what_is_not_utf8(void **state)
{
	json_t *document;
	const char *function;

	(void)state;
	scene_block(&s, scene_in(&s, "a\xff\xc3\xa9\xed\xa0\x80z"), 8);
	document = json();
	assert_int_equal(json_unpack(document, "{s:[{s:[{s:s}]}]}", "findings",
				     "stack", "function", &function),
			 0);
	assert_string_equal(function, "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd"
				      "\xef\xbf\xbd\xef\xbf\xbdz");
	json_decref(document);
}

static void several_documents_have_a_schema_of_their_own(void **state)
{
	struct documents d;
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	(void)state;
	documents_init(&d, 2);
	documents_add(&d, made());
	documents_write(&d, out);
	fclose(out);
	assert_non_null(strstr(result, "\"schema\": \"refknot-reports/1\""));
	assert_non_null(strstr(result, "\"schema\": \"refknot-report/1\""));
	free(result);
}

/* Wrong use has no block. */
static void kinds_of_findings_have_their_plurals(void **state)
{
	static struct rkn_error errors[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		errors[i] = (struct rkn_error){
			.kind = i < 3 ? RKN_ERROR_REFERENCE_ON_FREED
				      : RKN_ERROR_RELEASE_AT_ZERO,
			.count = 1,
			.stack = i % 3 ? in_node : in_parse,
			.type = i / 2,
		};
	s.m.errors = errors;
	s.m.error_count = 4;
	s.m.name_count = 2;
	expect_within("4 findings: 1 release at zero, "
		      "3 references on freed objects\n");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_wrong_is_two_lines),
		TEST(a_cycle_is_drawn_member_by_member),
		TEST(leaks_tell_their_stack_and_what_they_hold),
		TEST(a_block_that_holds_itself_is_drawn),
		TEST(a_leak_says_that_it_points_at_itself),
		TEST(a_big_cycle_is_cut_and_says_so),
		TEST(cycles_of_several_lengths_say_which_one_is_drawn),
		TEST(what_the_limit_leaves_out_is_told),
		TEST(other_kinds_are_left_out),
		TEST(a_check_that_was_not_made_is_the_verdict),
		TEST(the_reason_for_no_check_is_the_true_one),
		TEST(a_possible_leak_is_no_finding_unless_asked_for),
		TEST(a_possible_leak_tells_what_holds_it),
		TEST(a_block_in_use_is_told_as_holder_by_its_name),
		TEST(types_are_named_past_allocation_wrappers),
		TEST(objects_count_by_birth_among_their_type),
		TEST(control_characters_in_names_are_escaped),
		TEST(json_has_members_and_edges),
		TEST(json_replaces_what_is_not_utf8),
		TEST(several_documents_have_a_schema_of_their_own),
		TEST(kinds_of_findings_have_their_plurals),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
