/* SPDX-License-Identifier: MIT */
/* Cards: the few lines on a finding, and their breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"
#include "scene.h"
#include "wrap.h"

static struct scene s;
static uint32_t in_node, in_parse;

static int setup(void **state)
{
	const char *parse[] = { "strdup", "parse_header", "main", NULL };

	(void)state;
	scene_init(&s);
	in_node = scene_in(&s, "node_new");
	in_parse = scene_stack(&s, parse);
	return 0;
}

/* The report's text, until the next call. */
static char *text(size_t limit)
{
	static char result[1 << 16];
	struct report_options o = { .kinds = REPORT_ALL_KINDS, .limit = limit };
	FILE *out = fmemopen(result, sizeof(result), "w");
	struct reading in = scene_read(&s);

	assert_non_null(out);
	report_text(out, &in, &o);
	names_close(in.names);
	block_types_close(in.types);
	fclose(out);
	return result;
}

static void expect(const char *expected)
{
	const char *result = text(0);

	if (!strstr(result, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, result);
}

static void a_leak_has_its_site_and_its_callers(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		scene_block(&s, in_parse, 100);
	scene_block(&s, in_node, 32);
	scene_block(&s, in_node, 32);
	scene_edge(&s, 0, 0, 3, 0);
	scene_edge(&s, 3, 0, 4, 0);
	assert_string_equal(
	    text(0),
	    "refknot: 1 leak; 5 blocks, 364 B lost\n"
	    "\n"
	    "1  LEAK   3 blocks, 300 B (hold 2 more, 64 B)\n"
	    "   at           parse_header  scene.c:4\n"
	    "   by           strdup        scene.c:5\n"
	    "   from         main          scene.c:3\n"
	    "   to mend      free them before their pointers are overwritten or their owners freed\n"
	    "\n"
	    "in full: refknot show 'scene.rkn' 1\n"
	    "\nchecked: 5 blocks; nothing left out\n");
}

static void what_a_card_leaves_out_is_not_on_it(void **state)
{
	const char *words[] = { "confidence", "evidence", "sig ", "0x1000" };

	(void)state;
	scene_block(&s, in_node, 24);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_null(strstr(text(0), words[i]));
	/* Doubt is on it. */
	s.m.limits[RKN_LIMIT_UNREADABLE] = 1;
	expect("1  LEAK   1 block, 24 B   confidence medium\n");
}

static void a_possible_leak_says_what_holds_it(void **state)
{
	(void)state;
	scene_block(&s, in_node, 200);
	scene_root(&s, 0, 100);
	expect("1  POSSIBLE LEAK   1 block, 200 B\n");
	expect("   held         at +0x64 by a pointer in data of scene");
}

/* A stack of `depth` callers of one site, whose outermost differ. */
static uint32_t deep(unsigned depth, const char *outermost)
{
	static char names[16][8]; /* the scene keeps them */
	const char *list[18] = { "malloc", "parse" };

	for (unsigned i = 0; i < depth; i++) {
		snprintf(names[i], sizeof(names[i]), "f%u", i);
		list[2 + i] = names[i];
	}
	list[2 + depth] = outermost;
	return scene_stack(&s, list);
}

static void callers_are_shown_until_one_tells_it_apart(void **state)
{
	(void)state;
	scene_block(&s, deep(3, "left"), 8);
	scene_block(&s, deep(3, "right"), 8);
	for (size_t i = 0; i < s.m.frame_count; i++)
		s.symbols.lines[i] = 7;
	expect("f2      scene.c:7\n                left    scene.c:7\n");
	expect("f2      scene.c:7\n                right   scene.c:7\n");
	/* Three callers are enough if a line tells it. */
	s.symbols.lines[s.m.frame_count - 2] = 8;
	expect("f2      scene.c:7\n                ... 1 more\n");
}

static void a_caller_far_out_that_tells_it_apart_is_shown(void **state)
{
	(void)state;
	scene_block(&s, deep(9, "left"), 8);
	scene_block(&s, deep(9, "right"), 8);
	for (size_t i = 0; i < s.m.frame_count; i++)
		s.symbols.lines[i] = 7;
	expect("   from         f0      scene.c:7\n"
	       "                f1      scene.c:7\n"
	       "                f2      scene.c:7\n"
	       "                ... 6 more\n"
	       "                left    scene.c:7\n"
	       "   to mend");
	expect("                ... 6 more\n"
	       "                right   scene.c:7\n");
}

static void calls_of_itself_are_one_line(void **state)
{
	const char *list[] = { "malloc", "make", "walk", "walk",
			       "walk",   "main", NULL };

	(void)state;
	scene_block(&s, scene_stack(&s, list), 8);
	for (size_t i = 0; i < s.m.frame_count; i++)
		s.symbols.lines[i] = 7;
	expect("   from         walk    scene.c:7\n"
	       "                ... 2 calls of itself\n"
	       "                main    scene.c:7\n");
}

static void other_callers_are_counted(void **state)
{
	(void)state;
	scene_block(&s, deep(9, "main"), 8);
	expect("f2      scene.c:");
	assert_null(strstr(text(0), "f3      scene.c:"));
	expect("                ... 7 more\n");
}

static void no_card_has_more_than_twelve_lines(void **state)
{
	size_t lines = 0;

	(void)state;
	scene_block(&s, deep(12, "left"), 8);
	scene_block(&s, deep(12, "right"), 8);
	for (const char *at = strstr(text(1), "\n1  LEAK"); at && at[1];
	     at = strchr(at + 1, '\n')) {
		if (at[1] == '\n')
			break;
		lines++;
	}
	assert_in_range(lines, 5, 12);
}

static void many_findings_have_a_table_and_a_sum(void **state)
{
	static char names[30][16];

	(void)state;
	for (int i = 0; i < 30; i++) {
		const char *list[] = { names[i], NULL };

		snprintf(names[i], sizeof(names[i]), "maker_%02d", i);
		scene_block(&s, scene_stack(&s, list), 100 + (uint64_t)i);
	}
	assert_non_null(strstr(text(10), "\n10  LEAK   "));
	assert_null(strstr(text(10), "\n11  LEAK   "));
	assert_non_null(strstr(text(10), "\nall 30 findings:\n"));
	assert_non_null(strstr(text(10), "   LOST  FINDINGS  FUNCTION\n"
					 "  129 B         1  maker_29\n"));
	assert_non_null(strstr(text(10), "\n2.4 KiB        22  22 more\n"));
	assert_non_null(strstr(text(10),
			       "\nomitting 20 more findings, 2.1 KiB; all: "
			       "refknot report -p -n 0 'scene.rkn'\n"));
	/* Functions of several modules are in a row each. */
	s.symbols.modules[s.m.frame_count - 1] = "/lib/other";
	assert_non_null(strstr(
	    text(10),
	    "3.2 KiB        29  scene   maker_28, maker_27, maker_26 and 26 more\n"));
	assert_non_null(
	    strstr(text(10), " 129 B         1  other   maker_29\n"));
	assert_null(strstr(text(0), "all 30"));
}

/* --- Breaks --------------------------------------------------------------------- */

static const char *wrapped(const char *line, size_t width, size_t indent)
{
	static char result[1024];
	FILE *out = fmemopen(result, sizeof(result), "w");

	wrap_print(out, line, width, indent);
	fclose(out);
	return result;
}

static void lines_are_broken_at_spaces(void **state)
{
	(void)state;
	assert_string_equal(wrapped("one two three\n", 7, 2),
			    "one two\n  three\n");
	assert_string_equal(wrapped("one two three", 0, 2), "one two three\n");
	assert_string_equal(wrapped("abcdefghij\nk\n", 4, 2),
			    "abcdefghij\nk\n");
	assert_string_equal(wrapped("    abcdefghij kl\n", 6, 2),
			    "    abcdefghij\n  kl\n");
	/* A function stays beside its line. */
	assert_string_equal(wrapped("from main  x.c:3\n", 14, 2),
			    "from\n  main  x.c:3\n");
	assert_string_equal(wrapped("\na\n\n", 4, 2), "\na\n\n");
	/* A command stays one line. */
	assert_string_equal(
	    wrapped("all of it: refknot report -n 0 x\n", 12, 4),
	    "all of it:\n    refknot report -n 0 x\n");
}

static void columns_are_characters(void **state)
{
	(void)state;
	assert_string_equal(
	    wrapped("\303\244\303\244 \303\244\303\244\n", 5, 1),
	    "\303\244\303\244 \303\244\303\244\n");
	assert_string_equal(wrapped("\033[1;31mred\033[0m one\n", 7, 1),
			    "\033[1;31mred\033[0m one\n");
	assert_int_equal(wrap_print(NULL, "one two three\n\nb", 7, 2), 4);
	assert_int_equal(wrap_columns("\033[1mab\033[0m\303\244", 12), 3);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_leak_has_its_site_and_its_callers),
		TEST(what_a_card_leaves_out_is_not_on_it),
		TEST(a_possible_leak_says_what_holds_it),
		TEST(callers_are_shown_until_one_tells_it_apart),
		TEST(other_callers_are_counted),
		TEST(a_caller_far_out_that_tells_it_apart_is_shown),
		TEST(calls_of_itself_are_one_line),
		TEST(no_card_has_more_than_twelve_lines),
		TEST(many_findings_have_a_table_and_a_sum),
		TEST(lines_are_broken_at_spaces),
		TEST(columns_are_characters),
	};

	return cmocka_run_group_tests_name("card", tests, NULL, NULL);
}
