/* SPDX-License-Identifier: MIT */
/* Findings that another build, or an edit, gives another signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "baseline.h"
#include "fnv.h"
#include "frame_calls.h"
#include "scratch.h"
#include "sources.h"
#include "text_file.h"

static struct baseline b;
static char error[512];

/* --- Findings and entries from text ------------------------------------------ */

/* Of the functions, as in a real one; what only debug information has counts. */
static void sign(char *signature, const char *calls)
{
	uint64_t hash = FNV_OFFSET;

	for (; *calls; calls++)
		if (!strchr("()", *calls))
			hash = fnv_byte(hash, (unsigned char)*calls);
	snprintf(signature, 17, "%016llx", (unsigned long long)hash);
}

static void read_frames(struct frame_lines *l, const char *lines,
			const char *calls)
{
	*l = (struct frame_lines){ 0 };
	if (lines)
		assert_true(frame_lines_parse(l, lines));
	assert_true(frame_calls_parse(l, calls));
}

static struct issue finding(const char *lines, const char *calls,
			    uint64_t count, uint64_t bytes)
{
	struct issue i = { .kind = FINDING_LEAK,
			   .count = count,
			   .bytes = bytes };
	char signature[17];

	sign(signature, calls);
	i.signature = strdup(signature);
	read_frames(&i.lines, lines, calls);
	return i;
}

/* The same as a line of a baseline. */
static void write_entry(FILE *out, const char *lines, const char *calls,
			uint64_t count, uint64_t bytes)
{
	char signature[17];

	sign(signature, calls);
	fprintf(out, "%s leak count=%llu bytes=%llu%s%s calls=%s\n", signature,
		(unsigned long long)count, (unsigned long long)bytes,
		lines ? " lines=" : "", lines ? lines : "", calls);
}

/* After each test. */
static int forget(void **state)
{
	(void)state;
	baseline_release(&b);
	return 0;
}

static void accept_text(const char *text)
{
	baseline_release(&b);
	if (!baseline_parse(&b, "base.txt", text, error, sizeof(error)))
		fail_msg("%s", error);
}

static void accept(const char *lines, const char *calls, uint64_t count,
		   uint64_t bytes)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	write_entry(out, lines, calls, count, bytes);
	fclose(out);
	accept_text(text);
	free(text);
}

static void apply(struct issue *list, size_t count,
		  const struct sources *sources)
{
	baseline_apply(&b, &(struct issues){ .list = list,
					     .count = count,
					     .sources = sources });
}

static void release(struct issue *i)
{
	free(i->signature);
	free(i->other);
	free(i->differs);
	frame_lines_release(&i->lines);
}

/* What becomes of one; what is told of it is in `told`. */
static char told[256];

static enum issue_state judge(const char *lines, const char *calls,
			      uint64_t count, uint64_t bytes)
{
	struct issue i = finding(lines, calls, count, bytes);
	enum issue_state state;
	const char *text;

	apply(&i, 1, NULL);
	state = i.state;
	text = i.differs ? i.differs : i.other ? i.other : "";
	snprintf(told, sizeof(told), "%s", text);
	release(&i);
	return state;
}

#define HERE  "+2:aaaa,+3:bbbb,+4:cccc"
#define CALLS "take<parse<main"

/* --- Text ---------------------------------------------------------------------- */

static void calls_are_read_as_they_are_written(void **state)
{
	static const char *const right[] = {
		"f",          "f<g",
		"f<(g)<h",    "f<g;h<i",
		"f<...",      "f<g<...;(h)<i<...",
		"[libfoo]<f", "operator%20new<f%28int%29",
		"%7ef<~f",    "~f<(~g)",
		"%5e%c3%a4"
	};
	static const char *const wrong[] = { "",    "<f",   "f<",      "f<<g",
					     "f;",  "(f",   "()",      "f g",
					     "f%2", "f%00", "f<...<g", "f#" };

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		struct frame_lines l = { 0 };
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_true(frame_calls_parse(&l, right[i]));
		frame_calls_print(out, &l);
		fclose(out);
		if (i + 1 < sizeof(right) / sizeof(*right))
			assert_string_equal(text, right[i]);
		else
			assert_string_equal(text, "^%c3%a4");
		frame_lines_release(&l);
		free(text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct frame_lines l = { 0 };

		if (frame_calls_parse(&l, wrong[i]))
			fail_msg("\"%s\" was read", wrong[i]);
	}
}

static void as_many_calls_as_lines_are_needed(void **state)
{
	(void)state;
	assert_false(baseline_parse(
	    &b, "base.txt",
	    "0123456789abcdef leak count=1 bytes=1 lines=+1,+2 calls=f x.c",
	    error, sizeof(error)));
	assert_non_null(strstr(error, "base.txt:1: calls= needs"));
}

static void types_are_read_and_must_be_the_same(void **state)
{
	struct issue i = finding(HERE, CALLS, 1, 8);

	(void)state;
	accept_text("0123456789abcdef leak count=1 bytes=8 lines=" HERE
		    " calls=" CALLS " type=struct%20node parse x.c\n");
	assert_string_equal(b.list[0].type, "struct node");
	assert_string_equal(b.list[0].text, "parse x.c");
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_NEW);
	i.object_type = strdup("struct node");
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_KNOWN);
	free(i.object_type);
	release(&i);
}

/* --- What builds change ----------------------------------------------------------- */

static void what_is_inlined_is_gone_with_debug_information(void **state)
{
	(void)state;
	accept(HERE, "take<(parse)<main", 1, 8);
	assert_int_equal(judge(NULL, "take<main", 1, 8), ISSUE_KNOWN);
	assert_string_equal(told, "");
	/* Nothing but the size tells it from others then. */
	assert_int_equal(judge(NULL, "take<main", 1, 9), ISSUE_NEW);
	accept(NULL, "take<main", 1, 8);
	assert_int_equal(judge(HERE, "take<(parse)<main", 1, 8), ISSUE_KNOWN);
	assert_string_equal(told, "");
}

static void functions_that_were_not_inlined_there_are_told(void **state)
{
	(void)state;
	accept(HERE ",+1:dddd", "take<parse<work<main", 1, 8);
	assert_int_equal(judge(NULL, "take<main", 1, 8), ISSUE_KNOWN);
	assert_string_equal(told, "parse, work");
	assert_int_equal(judge(NULL, "take<main", 1, 16), ISSUE_NEW);
	/* Where both have none, there is little left to see. */
	accept(NULL, "take<parse<work<main", 1, 8);
	assert_int_equal(judge(NULL, "take<main", 1, 8), ISSUE_KNOWN);
	assert_int_equal(judge(NULL, "main", 1, 8), ISSUE_NEW);
	assert_string_equal(told, "differs from an accepted one only by "
				  "take, parse, work");
	assert_int_equal(judge(NULL, "take<read<main", 1, 8), ISSUE_NEW);
}

/* What may be left out there is no reason to take another one for it. */
static void another_function_is_one_also_without_debug_information(void **state)
{
	(void)state;
	accept(HERE, CALLS, 1, 8);
	assert_int_equal(judge(NULL, "take<read<main", 1, 8), ISSUE_NEW);
	assert_string_equal(told, "differs from an accepted one only by "
				  "read, parse");
	assert_int_equal(judge(NULL, "take<main", 1, 8), ISSUE_KNOWN);
	accept(HERE, "take<(parse)<main", 1, 8);
	assert_int_equal(judge(NULL, "take<read<main", 1, 8), ISSUE_NEW);
	accept(NULL, "take<read<main", 1, 8);
	assert_int_equal(judge(HERE, CALLS, 1, 8), ISSUE_NEW);
}

/* As tail calls are, and functions that are inlined where nothing tells. */
static void what_compilers_leave_out_is_told(void **state)
{
	(void)state;
	accept(HERE ",+1:dddd", "take<parse<work<main", 1, 8);
	assert_int_equal(judge("+3:bbbb,+1:dddd", "parse<main", 1, 8),
			 ISSUE_KNOWN);
	assert_string_equal(told, "take, work");
	assert_int_equal(judge("+3:bbbb,+1:dddd", "parse<main", 1, 9),
			 ISSUE_NEW);
	/* The source changed. */
	assert_int_equal(judge("+3:bbbb,+2:dddd", "parse<main", 1, 8),
			 ISSUE_NEW);
	assert_int_equal(judge("+3:bbbb,+1:eeee", "parse<main", 1, 8),
			 ISSUE_NEW);
	/* Others in other places; and others in the same. */
	assert_int_equal(
	    judge("+3:bbbb,+7:ffff,+1:dddd", "parse<run<main", 1, 8),
	    ISSUE_NEW);
	assert_int_equal(judge("+2:aaaa,+3:bbbb,+4:cccc,+7:ffff,+1:dddd",
			       "take<parse<work<run<main", 1, 8),
			 ISSUE_KNOWN);
	assert_int_equal(judge("+7:ffff,+3:bbbb,+4:cccc,+1:dddd",
			       "give<parse<work<main", 1, 8),
			 ISSUE_NEW);
}

static void another_inlined_function_is_another_one(void **state)
{
	(void)state;
	accept(HERE, "take<(parse)<main", 1, 8);
	assert_int_equal(judge(HERE, "take<(read)<main", 1, 8), ISSUE_KNOWN);
	assert_string_equal(told, "the name read where it was parse");
	assert_int_equal(
	    judge("+2:aaaa,+3:beef,+4:cccc", "take<(read)<main", 1, 8),
	    ISSUE_NEW);
	assert_int_equal(
	    judge("+2:aaaa,+9:beef,+4:cccc", "take<(parse)<main", 1, 8),
	    ISSUE_NEW);
}

/* --- What people change ------------------------------------------------------------ */

static void a_wrapper_more_or_less_is_told(void **state)
{
	(void)state;
	accept(HERE, CALLS, 2, 16);
	assert_int_equal(judge("+3:bbbb,+4:cccc", "parse<main", 2, 16),
			 ISSUE_KNOWN);
	assert_string_equal(told, "take");
	assert_int_equal(judge("+1:9999," HERE, "alloc<" CALLS, 2, 16),
			 ISSUE_KNOWN);
	assert_string_equal(told, "alloc");
	/* Fewer of the same size; more only of what builds do; no others. */
	assert_int_equal(judge("+3:bbbb,+4:cccc", "parse<main", 1, 8),
			 ISSUE_KNOWN);
	assert_int_equal(judge("+3:bbbb,+4:cccc", "parse<main", 3, 24),
			 ISSUE_GROWN);
	assert_int_equal(judge("+3:bbbb,+5:cccc", "parse<main", 1, 8),
			 ISSUE_KNOWN);
	assert_int_equal(judge("+3:bbbb,+5:cccc", "parse<main", 3, 24),
			 ISSUE_NEW);
	assert_int_equal(judge("+3:bbbb,+4:cccc", "parse<main", 2, 8),
			 ISSUE_NEW);
	assert_non_null(strstr(told, "only by take, and in size: 2 of 16 B "
				     "there, 2 of 8 B here"));
	/* Two at once where a line moved, or with the line that calls it. */
	assert_int_equal(judge("+5:cccc", "main", 2, 16), ISSUE_NEW);
	assert_int_equal(judge("+9:eeee,+4:cccc", "parse<main", 2, 16),
			 ISSUE_NEW);
}

static void another_name_must_be_nowhere_else(void **state)
{
	struct issue list[] = { finding(HERE, "take<read<main", 1, 8),
				finding("+9:dddd", "parse", 1, 99) };

	(void)state;
	accept(HERE, CALLS, 1, 8);
	assert_int_equal(judge(HERE, "take<read<main", 1, 8), ISSUE_KNOWN);
	/* Without the text nothing says that it is the same line. */
	assert_int_equal(judge("+2:aaaa,+3,+4:cccc", "take<read<main", 1, 8),
			 ISSUE_NEW);
	apply(list, 2, NULL);
	assert_int_equal(list[0].state, ISSUE_NEW);
	release(&list[0]);
	release(&list[1]);
}

/* The accepted function is mended, and another has the same line and leaks. */
static void
a_name_that_is_still_in_the_sources_is_another_function(void **state)
{
	static const struct {
		const char *text;
		enum issue_state state;
	} files[] = {
		{ "void read(void)\n{\n}\n", ISSUE_KNOWN },
		{ "void read(void)\n{\n}\nvoid parse(void)\n{\n}\n",
		  ISSUE_NEW },
		{ "TEST(parse) { read(); }\n", ISSUE_NEW },
		{ "/* parse */ // was parse()\n", ISSUE_KNOWN },
		{ "char c[] = \"\\\"parse\", d = '\"';\nint parser;\n",
		  ISSUE_KNOWN },
		{ "char c[] = \"\\\\\", d = '\\'';\nint *parse;", ISSUE_NEW },
		{ "/* parse", ISSUE_KNOWN },
		{ "/", ISSUE_KNOWN },
		{ "\"\\", ISSUE_KNOWN },
		{ "", ISSUE_KNOWN },
	};

	(void)state;
	accept(HERE, CALLS, 1, 8);
	for (size_t k = 0; k < sizeof(files) / sizeof(*files); k++)
		for (int beside = 0; beside < 2; beside++) {
			struct issue i = finding(HERE, "take<read<main", 1, 8);
			struct sources *s = sources_open(".");

			scratch_write("f.c", beside ? "" : files[k].text);
			scratch_write("g.h", beside ? files[k].text : "");
			scratch_write("f.txt", "parse");
			i.lines.list[1].path = strdup("f.c");
			apply(&i, 1, s);
			if (i.state != files[k].state)
				fail_msg("state %d: %s", (int)i.state,
					 files[k].text);
			release(&i);
			sources_close(s);
		}
}

static const char source[] = "int f(void)\n" /* 1 */
			     "{\n"
			     "\tfirst();\n"
			     "\tif (one(1,\n"
			     "\t\ttwo(2)))\n"
			     "\t\tthree();\n"
			     "}\n"
			     "int g(void)\n"
			     "{\n"
			     "\tgone();\n"
			     "}\n";

static struct sources *s; /* of it */

static int open_source(void **state)
{
	(void)state;
	scratch_write("f.c", source);
	s = sources_open(".");
	return 0;
}

static int close_source(void **state)
{
	sources_close(s);
	return forget(state);
}

/* Two frames, of which the outer is in line `line` of that file. */
static enum issue_state judge_at(unsigned line, uint64_t bytes)
{
	struct issue i = finding("+1:aaaa,+0:0000", "take<f", 1, bytes);
	struct frame_line *f = &i.lines.list[1];
	enum issue_state state;

	f->path = strdup("f.c");
	f->function = strdup("f");
	f->declared = 1;
	f->line = line;
	f->offset = (int)line - 1;
	assert_true(sources_hash(s, "f.c", 1, line, &f->text));
	apply(&i, 1, s);
	state = i.state;
	snprintf(told, sizeof(told), "%s",
		 i.differs ? i.differs
		 : i.other ? i.other
			   : "");
	release(&i);
	return state;
}

/* An entry whose text is that of line `line`, so many lines below f's first. */
static void accept_as(unsigned line, int offset, const char *calls)
{
	char lines[64];
	uint16_t text = 0x1234;

	if (line)
		assert_true(sources_hash(s, "f.c", 1, line, &text));
	snprintf(lines, sizeof(lines), "+1:aaaa,%+d:%04x", offset, text);
	accept(lines, calls, 1, 8);
}

static void accept_at(unsigned line, int offset)
{
	accept_as(line, offset, "take<f");
}

static void a_line_that_is_gone_was_edited(void **state)
{
	(void)state;
	accept_at(0, 40);
	assert_int_equal(judge_at(3, 8), ISSUE_KNOWN);
	assert_string_equal(told, "the line in f() (+40 there, +2 here)");
	assert_int_equal(judge_at(3, 9), ISSUE_NEW);
	/* It is another function's, which is no matter. */
	accept_at(10, 40);
	assert_int_equal(judge_at(3, 8), ISSUE_KNOWN);
}

static void a_line_that_is_still_there_is_another(void **state)
{
	(void)state;
	accept_at(6, 5);
	assert_int_equal(judge_at(3, 8), ISSUE_NEW);
	assert_non_null(strstr(told, "f() +5 there, +2 here"));
	accept_at(3, 2);
	assert_int_equal(judge_at(4, 8), ISSUE_NEW);
	/* Nothing to read. */
	unlink("f.c");
	accept("+1:aaaa,+40:1234", "take<f", 1, 8);
	assert_int_equal(judge("+1:aaaa,+2:4321", "take<f", 1, 8), ISSUE_NEW);
}

static void lines_of_one_statement_are_one(void **state)
{
	(void)state;
	accept_at(4, 3);
	assert_int_equal(judge_at(5, 8), ISSUE_KNOWN);
	assert_string_equal(told, "the line in f() (+3 there, +4 here)");
	assert_int_equal(judge_at(5, 9), ISSUE_NEW);
	accept_at(5, 4);
	assert_int_equal(judge_at(4, 8), ISSUE_KNOWN);
}

/* Of first() and three(), if both end f, compilers make one jump. */
static void a_jump_may_have_another_line_that_is_there(void **state)
{
	(void)state;
	accept_as(6, 5, "take<~f");
	assert_int_equal(judge_at(3, 8), ISSUE_KNOWN);
	assert_string_equal(told, "the line in f() (+5 there, +2 here)");
	assert_int_equal(judge_at(3, 9), ISSUE_NEW);
	unlink("f.c");
	/* Nothing to read. */
	accept("+1:aaaa,+40:1234", "take<~f", 1, 8);
	assert_int_equal(judge("+1:aaaa,+2:4321", "take<f", 1, 8), ISSUE_NEW);
}

/* --- Several ------------------------------------------------------------------------ */

static void the_stacks_of_a_cycle_go_together_in_any_order(void **state)
{
	struct issue i = finding("+1:aaaa,+2:bbbb,+3:cccc,+4:dddd",
				 "ring<main;take<main", 1, 8);

	(void)state;
	i.kind = FINDING_CYCLE;
	accept_text("0123456789abcdef orphaned-cycle count=1 bytes=8 "
		    "lines=+3:cccc,+5:9999,+4:dddd,+1:aaaa,+5:9999,+2:bbbb "
		    "calls=take<more<main;ring<more<main\n");
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_KNOWN);
	assert_string_equal(i.differs, "more");
	release(&i);
}

static void
one_entry_may_be_several_findings_that_a_build_tells_apart(void **state)
{
	struct issue list[] = { finding(HERE, "take<(read)<main", 1, 8),
				finding(HERE, "take<(parse)<main", 2, 40),
				finding(HERE, "take<(write)<main", 1, 8) };

	(void)state;
	accept(NULL, "take<main", 3, 48);
	apply(list, 2, NULL);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_int_equal(list[1].state, ISSUE_KNOWN);
	assert_string_equal(list[1].differs, "being a part of it");
	/* There is no room for more. */
	apply(list, 3, NULL);
	assert_int_equal((list[0].state == ISSUE_NEW) +
			     (list[1].state == ISSUE_NEW) +
			     (list[2].state == ISSUE_NEW),
			 1);
	for (size_t i = 0; i < 3; i++)
		release(&list[i]);
}

/* Three of 16 bytes in a loop were accepted; now the loop loses two. */
static void what_is_no_part_of_an_entry_has_no_room_in_it(void **state)
{
	static const struct {
		const char *calls;
		uint64_t count, bytes;
		enum issue_state state;
	} others[] = {
		{ "take<main", 1, 16, ISSUE_KNOWN },
		{ "take<main", 1, 8, ISSUE_NEW },
		{ "take<main", 1, 17, ISSUE_NEW },
		{ "take<main", 2, 32, ISSUE_NEW },
		/* There is no line that tells what this function is. */
		{ "take<read<main", 1, 16, ISSUE_NEW },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(others) / sizeof(*others); k++) {
		struct issue list[] = {
			finding(NULL, "take<main", 2, 32),
			finding(NULL, others[k].calls, others[k].count,
				others[k].bytes),
		};

		accept(NULL, "take<main", 3, 48);
		apply(list, 2, NULL);
		assert_int_equal(list[0].state, ISSUE_KNOWN);
		if (list[1].state != others[k].state)
			fail_msg("case %zu: %d", k, (int)list[1].state);
		release(&list[0]);
		release(&list[1]);
	}
}

/* Which of them is the one that was found there with the same name. */
static void the_rest_of_an_entry_may_be_several(void **state)
{
	struct issue list[] = { finding(NULL, "take<main", 1, 8),
				finding(NULL, "take<main", 1, 16),
				finding(NULL, "take<main", 1, 24) };

	(void)state;
	accept(NULL, "take<main", 3, 48);
	apply(list, 3, NULL);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(list[i].state, ISSUE_KNOWN);
	for (size_t i = 0; i < 3; i++)
		release(&list[i]);
}

static void
one_finding_may_be_several_entries_that_another_build_told_apart(void **state)
{
	struct issue i = finding(NULL, "take<main", 3, 48);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	write_entry(out, HERE, "take<(read)<main", 1, 8);
	write_entry(out, HERE, "take<(parse)<main", 2, 40);
	fclose(out);
	accept_text(text);
	free(text);
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_KNOWN);
	assert_int_equal(i.known_count, 3);
	assert_true(b.list[0].seen && b.list[1].seen);
	i.bytes++;
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_NEW);
	release(&i);
}

static void stacks_of_a_cycle_that_only_lines_tell_apart_are_one(void **state)
{
	struct issue i = finding(NULL, "ring<main", 1, 8);

	(void)state;
	i.kind = FINDING_CYCLE;
	accept_text("0123456789abcdef orphaned-cycle count=1 bytes=8 "
		    "lines=+3:cccc,+5:9999,+4:dddd,+4:aaaa,+5:9999,+4:dddd "
		    "calls=ring<(more)<main;ring<(more)<main\n");
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_KNOWN);
	release(&i);
}

static void what_it_only_holds_is_no_part_of_its_size(void **state)
{
	struct issue i = finding("+3:bbbb,+5:cccc", "parse<main", 1, 8);

	(void)state;
	i.held_bytes = 50;
	accept_text("0123456789abcdef leak count=1 bytes=108 lines=" HERE
		    " held=100 calls=" CALLS "\n");
	apply(&i, 1, NULL);
	assert_int_equal(i.state, ISSUE_KNOWN);
	release(&i);
	baseline_release(&b);
	assert_false(baseline_parse(&b, "base.txt",
				    "0123456789abcdef leak count=1 bytes=1 "
				    "held=2",
				    error, sizeof(error)));
}

static void what_is_suppressed_keeps_its_entry(void **state)
{
	struct issue list[] = { finding(HERE, CALLS, 1, 8),
				finding("+3:bbbb,+4:cccc", "parse<main", 1,
					8) };

	(void)state;
	list[0].state = ISSUE_SUPPRESSED;
	accept(HERE, CALLS, 1, 8);
	apply(list, 2, NULL);
	assert_int_equal(list[1].state, ISSUE_NEW);
	release(&list[0]);
	release(&list[1]);
}

static void one_planted_beside_what_is_still_there_is_red(void **state)
{
	struct issue list[] = { finding("+3:bbbb,+4:cccc", "parse<main", 1, 8),
				finding(HERE, CALLS, 1, 8) };

	(void)state;
	accept(HERE, CALLS, 1, 8);
	apply(list, 2, NULL);
	assert_int_equal(list[0].state, ISSUE_NEW);
	assert_string_equal(list[0].other,
			    "differs from an accepted one only by take");
	assert_int_equal(list[1].state, ISSUE_KNOWN);
	assert_null(list[1].differs);
	release(&list[0]);
	release(&list[1]);
}

static void an_update_tells_them_anew_with_their_comments(void **state)
{
	struct issue list[] = { finding("+3:bbbb,+4:cccc", "parse<main", 1,
					8) };
	struct issues issues = { .list = list, .count = 1 };
	struct baseline_changes changes;
	char signature[17], *text, *expected;

	(void)state;
	accept_text("0123456789abcdef leak count=1 bytes=8 lines=" HERE
		    " calls=" CALLS " parse x.c # why\n");
	baseline_apply(&b, &issues);
	sign(signature, "parse<main");
	assert_string_equal(list[0].signature, signature);
	assert_int_equal(baseline_write(&b, &issues, true, 0, &changes), 0);
	text = text_file_read(b.path, "a baseline");
	assert_true(asprintf(&expected,
			     "%s leak count=1 bytes=8 lines=+3:bbbb,+4:cccc "
			     "calls=parse<main  # why\n",
			     signature) > 0);
	assert_string_equal(strchr(text, '\n') + 1, expected);
	assert_int_equal(changes.kept, 1);
	assert_int_equal(changes.moved, 1);
	assert_int_equal(changes.stale, 0);
	free(expected);
	free(text);
	release(&list[0]);
}

/* --- Random ------------------------------------------------------------------------- */

#define FRAMES 6
#define MOST   7
#define ROUNDS 400

static uint32_t seed = 7;

static unsigned roll(unsigned most)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % most;
}

struct frame {
	char name[32];
	int offset; /* -1: not known */
	unsigned text;
	bool passing;
};

struct tale {
	struct frame frames[FRAMES + 2]; /* as an edit and a plant add */
	size_t count;
	uint64_t bytes;
	bool edited;
};

static struct tale make_tale(unsigned number)
{
	struct tale t = { .count = 2 + roll(FRAMES - 1), .bytes = 8 };

	t.bytes += 8 * roll(3);
	for (size_t i = 0; i < t.count; i++) {
		struct frame *f = &t.frames[i];

		snprintf(f->name, sizeof(f->name), "f%zu%u", i, roll(2));
		f->offset = 1 + (int)roll(2);
		f->text = 0xa000 + 16 * roll(2) + (unsigned)f->offset;
		f->passing = i && i + 1 < t.count && !roll(3);
	}
	snprintf(t.frames[0].name, sizeof(t.frames[0].name), "leaf%u", number);
	return t;
}

static void strip(struct tale *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (t->frames[i].passing)
			continue;
		t->frames[n] = t->frames[i];
		t->frames[n++].offset = -1;
	}
	t->count = n;
}

static void insert(struct tale *t, unsigned number)
{
	size_t at = roll((unsigned)t->count);

	memmove(&t->frames[at + 1], &t->frames[at],
		(t->count - at) * sizeof(*t->frames));
	t->frames[at] =
	    (struct frame){ .offset = t->frames[0].offset < 0 ? -1 : 1,
			    .text = 0x7777 };
	snprintf(t->frames[at].name, sizeof(t->frames[at].name), "new%u",
		 number);
	t->count++;
}

static void edit(struct tale *t, unsigned number)
{
	size_t at = roll((unsigned)t->count);

	t->edited = true;
	switch (roll(5)) {
	case 0:
		strip(t);
		break;
	case 1:
		insert(t, number);
		break;
	case 2:
		if (t->count > 2) {
			memmove(&t->frames[at], &t->frames[at + 1],
				(t->count - at) * sizeof(*t->frames));
			t->count--;
		}
		break;
	case 3:
		snprintf(t->frames[0].name, sizeof(t->frames[0].name),
			 "other%u", number);
		break;
	default:
		t->edited = false;
	}
}

static void spell(const struct tale *t, char *lines, char *calls)
{
	bool known = t->frames[0].offset >= 0;

	*lines = *calls = '\0';
	for (size_t i = 0; i < t->count; i++) {
		const struct frame *f = &t->frames[i];

		if (known)
			lines += sprintf(lines, "%s+%d:%04x", i ? "," : "",
					 f->offset, f->text);
		calls += sprintf(calls, f->passing ? "%s(%s)" : "%s%s",
				 i ? "<" : "", f->name);
	}
}

static struct issue finding_of(const struct tale *t)
{
	char lines[256], calls[256];

	spell(t, lines, calls);
	return finding(*lines ? lines : NULL, calls, 1, t->bytes);
}

static void accept_tales(const struct tale *tales, size_t count)
{
	char lines[256], calls[256], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count; i++) {
		spell(&tales[i], lines, calls);
		write_entry(out, *lines ? lines : NULL, calls, 1,
			    tales[i].bytes);
	}
	fclose(out);
	accept_text(text);
	free(text);
}

/* Whether the one accepts the other where they are alone. */
static bool is_accepted(const struct tale *entry, const struct tale *found)
{
	struct issue i = finding_of(found);
	bool accepted;

	accept_tales(entry, 1);
	apply(&i, 1, NULL);
	accepted = i.state != ISSUE_NEW;
	release(&i);
	return accepted;
}

/* The most that can be, by trying all: row `at` and what follows. */
static unsigned most_pairs(const unsigned *rows, size_t count, size_t at,
			   unsigned taken)
{
	unsigned best;

	if (at == count)
		return 0;
	best = most_pairs(rows, count, at + 1, taken);
	for (unsigned k = 0; k < MOST; k++)
		if (rows[at] & 1u << k && !(taken & 1u << k)) {
			unsigned n = 1 + most_pairs(rows, count, at + 1,
						    taken | 1u << k);

			best = n > best ? n : best;
		}
	return best;
}

/* Each has a function of its own, so that no edit makes it another's. */
static void judge_round(unsigned round)
{
	size_t count = 1 + roll(MOST), found_count;
	struct tale accepted[MOST], found[MOST + 1];
	struct issue list[MOST + 1];
	unsigned rows[MOST + 1] = { 0 }, known = 0;
	bool plant = roll(2);

	for (size_t i = 0; i < count; i++) {
		accepted[i] = make_tale((unsigned)i);
		found[i] = accepted[i];
		edit(&found[i], (unsigned)i);
	}
	found_count = count;
	if (plant) {
		found[count] = found[roll((unsigned)count)];
		if (roll(2))
			found[count].frames[0].text ^= 0xf0f;
		else
			insert(&found[count], MOST);
		if (found[count].frames[0].offset >= 0)
			found[count].frames[0].offset += 5;
		found[count].edited = true;
		found_count++;
	}
	for (size_t i = 0; i < found_count; i++)
		for (size_t k = 0; k < count; k++)
			if (is_accepted(&accepted[k], &found[i]))
				rows[i] |= 1u << k;
	for (size_t i = 0; i < found_count; i++)
		list[i] = finding_of(&found[i]);
	accept_tales(accepted, count);
	apply(list, found_count, NULL);
	for (size_t i = 0; i < found_count; i++) {
		known += list[i].state != ISSUE_NEW;
		if (!found[i].edited && list[i].state == ISSUE_NEW)
			fail_msg("round %u: one that is unchanged is red",
				 round);
		if (list[i].entry && !list[i].entry->pair)
			fail_msg("round %u: an entry does not know it", round);
	}
	if (known != most_pairs(rows, found_count, 0, 0))
		fail_msg("round %u: %u accepted, %u can be", round, known,
			 most_pairs(rows, found_count, 0, 0));
	if (known < count)
		fail_msg("round %u: %u of %zu accepted", round, known, count);
	if (plant && known == found_count)
		fail_msg("round %u: what was planted is not red", round);
	for (size_t i = 0; i < found_count; i++)
		release(&list[i]);
}

static void random_edits_are_accepted_and_plants_are_not(void **state)
{
	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++)
		judge_round(n);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)
#define TEST_ON_SOURCE(name)                                                   \
	cmocka_unit_test_setup_teardown(name, open_source, close_source)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_read_as_they_are_written),
		TEST(as_many_calls_as_lines_are_needed),
		TEST(types_are_read_and_must_be_the_same),
		TEST(what_is_inlined_is_gone_with_debug_information),
		TEST(functions_that_were_not_inlined_there_are_told),
		TEST(another_function_is_one_also_without_debug_information),
		TEST(what_compilers_leave_out_is_told),
		TEST(another_inlined_function_is_another_one),
		TEST(a_wrapper_more_or_less_is_told),
		TEST(another_name_must_be_nowhere_else),
		TEST(a_name_that_is_still_in_the_sources_is_another_function),
		TEST_ON_SOURCE(a_line_that_is_gone_was_edited),
		TEST_ON_SOURCE(a_line_that_is_still_there_is_another),
		TEST_ON_SOURCE(lines_of_one_statement_are_one),
		TEST_ON_SOURCE(a_jump_may_have_another_line_that_is_there),
		TEST(the_stacks_of_a_cycle_go_together_in_any_order),
		TEST(
		    one_entry_may_be_several_findings_that_a_build_tells_apart),
		TEST(what_is_no_part_of_an_entry_has_no_room_in_it),
		TEST(the_rest_of_an_entry_may_be_several),
		TEST(
		    one_finding_may_be_several_entries_that_another_build_told_apart),
		TEST(stacks_of_a_cycle_that_only_lines_tell_apart_are_one),
		TEST(what_it_only_holds_is_no_part_of_its_size),
		TEST(what_is_suppressed_keeps_its_entry),
		TEST(one_planted_beside_what_is_still_there_is_red),
		TEST(an_update_tells_them_anew_with_their_comments),
		TEST(random_edits_are_accepted_and_plants_are_not),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
