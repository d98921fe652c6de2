/* SPDX-License-Identifier: MIT */
/*
 * Suppressions files: what is read of them, and what is said of wrong ones.
 * What Valgrind and LeakSanitizer take and refuse was tried with Valgrind 3.19
 * and the LeakSanitizer of gcc 12.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "suppress.h"

static struct suppressions s;
static char error[SUPPRESS_ERROR_SIZE];

static int setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	strcpy(s.today, "2027-02-01");
	error[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	suppress_release(&s);
	return 0;
}

static int parse(const char *text)
{
	return suppress_parse(&s, text, strlen(text), "f", error);
}

static void accept(const char *text)
{
	if (parse(text))
		fail_msg("%s, of:\n%s", error, text);
}

/* And say `why`, and leave the list as it was. */
static void refuse(const char *text, const char *why)
{
	size_t before = s.count;

	if (!parse(text))
		fail_msg("taken: %s", text);
	if (!strstr(error, why))
		fail_msg("\"%s\" does not say \"%s\"", error, why);
	assert_int_equal(s.count, before);
}

static void a_leak_pattern_is_the_whole_line(void **state)
{
	(void)state;
	accept("# a comment\n \t leak:foo # of until \t\r\n\r\n\n"
	       "leak: bar\nleak:^x*y$");
	assert_int_equal(s.count, 3);
	assert_string_equal(s.list[0]->pattern, "foo # of until");
	assert_string_equal(s.list[1]->pattern, " bar");
	assert_string_equal(s.list[2]->pattern, "^x*y$");
	assert_string_equal(s.list[2]->origin, "f");
	assert_int_equal(s.list[2]->line, 6);
	assert_int_equal(s.list[2]->kind, SUPPRESS_LEAK);
	assert_null(s.list[0]->reason);
}

static void our_own_rules_take_a_date_and_a_reason(void **state)
{
	(void)state;
	accept("cycle:a b  until:2027-01-31  # it is known\n"
	       "ref:c#d # why #2\n"
	       "type:Session # why, until:2027-02-01\n");
	assert_int_equal(s.count, 3);
	assert_int_equal(s.list[0]->kind, SUPPRESS_CYCLE);
	assert_string_equal(s.list[0]->text, "a b");
	assert_string_equal(s.list[0]->until, "2027-01-31");
	assert_string_equal(s.list[0]->reason, "it is known");
	assert_true(s.list[0]->expired);
	assert_int_equal(s.list[1]->kind, SUPPRESS_REF);
	assert_string_equal(s.list[1]->text, "c#d");
	assert_string_equal(s.list[1]->reason, "why #2");
	assert_string_equal(s.list[1]->until, "");
	assert_int_equal(s.list[2]->kind, SUPPRESS_TYPE);
	assert_string_equal(s.list[2]->reason, "why,");
	assert_false(s.list[2]->expired);
}

static void our_own_rules_want_a_reason(void **state)
{
	(void)state;
	refuse("leak:a\ncycle:foo\n", "f:2: cycle: wants a reason");
	refuse("ref:foo # \n", "f:1: ref: wants a reason");
	refuse("type:foo until:2027-01-01\n", "f:1: type: wants a reason");
}

static void a_comment_with_a_date_is_for_the_entry_after_it(void **state)
{
	(void)state;
	accept("# wait for 1.2 until:2027-01-31\nleak:a\nleak:b\n"
	       "# until:2030-01-01 see bug 7\n{\nn\nMemcheck:Leak\nfun:f\n}\n"
	       "# for the reader until: it is mended\n"
	       "# x until:2027-02-28\ncycle:c # mine\n"
	       "#until:2027-02-28 theirs\ncycle:d\n");
	assert_int_equal(s.count, 5);
	assert_string_equal(s.list[0]->until, "2027-01-31");
	assert_string_equal(s.list[0]->reason, "wait for 1.2");
	assert_true(s.list[0]->expired);
	assert_string_equal(s.list[1]->until, "");
	assert_string_equal(s.list[2]->until, "2030-01-01");
	assert_string_equal(s.list[2]->reason, "see bug 7");
	assert_string_equal(s.list[3]->until, "2027-02-28");
	assert_string_equal(s.list[3]->reason, "mine");
	assert_string_equal(s.list[4]->reason, "theirs");
}

static void a_comment_may_have_several_lines(void **state)
{
	(void)state;
	accept("# one\n# until:2027-01-31 two\n# three\nleak:a\nleak:b\n");
	assert_int_equal(s.count, 2);
	assert_string_equal(s.list[0]->until, "2027-01-31");
	assert_string_equal(s.list[0]->reason, "two");
	assert_string_equal(s.list[1]->until, "");
	refuse("# until:2027-01-31\n# until:2027-01-31\nleak:a\n",
	       "f:2: the entry has two dates");
}

static void a_date_may_follow_a_leak_pattern(void **state)
{
	(void)state;
	accept("leak:foo until:2027-01-31\nleak:b*r\tuntil:2027-03-01 # why\n"
	       "leak:until:2027-01-31\n");
	assert_string_equal(s.list[0]->pattern, "foo");
	assert_true(s.list[0]->expired);
	assert_string_equal(s.list[1]->pattern, "b*r");
	assert_string_equal(s.list[1]->until, "2027-03-01");
	assert_string_equal(s.list[1]->reason, "why");
	assert_string_equal(s.list[2]->pattern, "until:2027-01-31");
	refuse("\nleak:foo until:2027-02-30\n", "f:2: \"until:2027-02-30\" is");
	refuse("leak:foo # until:1999-99-99\n", "is not a date");
}

static void the_name_of_a_block_may_have_a_date(void **state)
{
	(void)state;
	accept("{\n  until:2027-01-31 a name\n  Memcheck:Leak\n  fun:f\n}\n"
	       "{\n  known until:2027-03-01\n  Memcheck:Leak\n  fun:f\n}\n"
	       "{\n  wait until: it ends\n  Memcheck:Leak\n  fun:f\n}\n"
	       "{\n  b until:2027-01-31\n  drd:X\n}\nleak:a\n");
	assert_int_equal(s.count, 4);
	assert_string_equal(s.list[0]->text, "a name");
	assert_true(s.list[0]->expired);
	assert_string_equal(s.list[1]->text, "known");
	assert_string_equal(s.list[1]->until, "2027-03-01");
	assert_false(s.list[1]->expired);
	assert_string_equal(s.list[2]->text, "wait until: it ends");
	assert_string_equal(s.list[3]->until, "");
	refuse("{\n  x until:soon\n  Memcheck:Leak\n  fun:f\n}\n",
	       "f:2: \"until:soon\" is not a date");
	refuse("# until:2027-01-31\n{\n  x until:2027-01-31\n", "two dates");
}

static void a_date_for_nothing_is_an_error(void **state)
{
	(void)state;
	refuse("# until:2027-01-31\n\nleak:a\n",
	       "f:2: the date in the comment");
	refuse("# until:2027-01-31\n# more\n\nleak:a\n",
	       "f:3: the date in the");
	refuse("leak:a\n# until:2027-01-31",
	       "f:3: the date in the comment before");
	refuse("{\nn\n# until:2027-01-31\nMemcheck:Leak\nfun:f\n}\n",
	       "f:3: a date within a block");
	refuse("# until:2027-01-31\ncycle:a until:2027-01-31 # x\n",
	       "f:2: the entry has two dates");
}

static void dates_are_days_that_there_are(void **state)
{
	static const char *const wrong[] = {
		"2027-02-29", "2027-13-01", "2027-00-01", "2027-01-00",
		"2027-04-31", "2027-1-01",  "27-01-01",   "2027/01/01",
		"2027-01-1x", "2100-02-29", "0000-01-01", "soon",
		"2027-01-01x"
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), "# until:%s\nleak:a\n", wrong[i]);
		refuse(text, "is not a date; it is written until:2027-01-31");
		snprintf(text, sizeof(text), "ref:a until:%s # x\n", wrong[i]);
		refuse(text, "is not a date");
	}
	refuse("ref:a until: # x\n", "\"until:\" is not a date");
	accept("# until:2028-02-29\nleak:a\n# until:2000-02-29\nleak:a\n");
}

static void the_day_itself_still_counts(void **state)
{
	(void)state;
	accept("# until:2027-01-31\nleak:a\n# until:2027-02-01\nleak:a\n"
	       "# until:2027-02-02\nleak:a\n");
	assert_true(s.list[0]->expired);
	assert_false(s.list[1]->expired);
	assert_false(s.list[2]->expired);
}

static void what_is_no_suppression_is_an_error_with_its_place(void **state)
{
	(void)state;
	refuse("leak:a\n\n  foo:bar\n",
	       "f:3: \"foo:bar\" is not a suppression");
	refuse("Leak:a\n", "is not a suppression");
	refuse("leak\n", "is not a suppression");
	refuse("{ # x\n", "is not a suppression");
	refuse("leak:\n", "leak: has no pattern; leak:* is all of them");
	refuse("cycle: # why\n", "cycle: has no pattern");
	refuse("cycle: until:2027-01-01 # why\n", "cycle: has no pattern");
}

static void a_block_is_read_line_by_line(void **state)
{
	const struct suppression *b;

	(void)state;
	accept("\t{ \r\n# c\n\n  a name  \n# c\n Memcheck:Leak\n"
	       "match-leak-kinds: definite,possible\n"
	       "fun:malloc\n...\nobj:*/lib[x]?.so\n src:a*.c:12\nsrc:b.c\n} ");
	assert_int_equal(s.count, 1);
	b = s.list[0];
	assert_int_equal(b->kind, SUPPRESS_BLOCK);
	assert_string_equal(b->text, "a name");
	assert_int_equal(b->line, 1);
	assert_int_equal(b->leaks, SUPPRESS_DEFINITE | SUPPRESS_POSSIBLE);
	assert_int_equal(b->line_count, 5);
	assert_int_equal(b->lines[0].kind, LINE_FUNCTION);
	assert_string_equal(b->lines[0].pattern, "malloc");
	assert_int_equal(b->lines[1].kind, LINE_ANY);
	assert_int_equal(b->lines[2].kind, LINE_OBJECT);
	assert_string_equal(b->lines[2].pattern, "*/lib[x]?.so");
	assert_int_equal(b->lines[3].kind, LINE_SOURCE);
	assert_string_equal(b->lines[3].pattern, "a*.c");
	assert_int_equal(b->lines[3].line, 12);
	assert_int_equal(b->lines[4].line, 0);
}

static void blocks_for_others_are_left_out(void **state)
{
	(void)state;
	accept("{\nn\nHelgrind:Race\nwhatever\n{\n}\n"
	       "{\nn\nMemcheck:Cond\nfun:f\n}\n"
	       "{\nn\nMemcheck:Param\nwrite(buf)\nfun:f\n}\n"
	       "{\nn\nMemcheck :Leak\nfun:f\n}\n"
	       "{\nn\nOther:\n}\n");
	assert_int_equal(s.count, 0);
	assert_int_equal(s.left.others, 5);
	assert_int_equal(s.left.unknown, 2);
	assert_int_equal(s.left.line, 20);
	assert_string_equal(s.left.name, "Memcheck ");
	accept("{\nn\nHelgrind,Memcheck:Leak\nfun:f\n}\n"
	       "{\nn\nrefknot:Cycle\nfun:f\n}\n"
	       "{\nn\nMemcheck,refknot:Reference\nfun:f\n}\n"
	       "{\nn\nrefknot:Leak\nmatch-leak-kinds:none\nfun:f\n}\n");
	assert_int_equal(s.count, 4);
	assert_int_equal(s.left.others, 0);
	assert_int_equal(s.list[0]->leaks, 15);
	assert_int_equal(s.list[1]->leaks, SUPPRESS_CYCLES);
	assert_int_equal(s.list[2]->leaks, SUPPRESS_REFERENCES);
	assert_int_equal(s.list[3]->leaks, 0);
}

/* Each form that Valgrind takes; only the last but one is for us. */
static void files_for_valgrind_are_read_as_they_are(void **state)
{
	(void)state;
	accept("# of the machines that we build on\r\n\r\n"
	       "{\r\n   <a name, with a comma>\r\n   Memcheck:FishyValue\r\n"
	       "   malloc(size)\r\n   fun:malloc\r\n   fun:grow\r\n}\r\n"
	       "{\n   ioctl\n   Memcheck:Param\n   ioctl(arg)\n   ...\n"
	       "   obj:/usr/lib/lib*.so\n}\n"
	       "###{\n###   Memcheck:Leak\n###   fun:x\n###}\n"
	       "{\n   a\n   Memcheck:Addr8\n   fun:x\n}\n"
	       "{\n   b\n   Memcheck:Value8\n   fun:_ZN3FooC1Ev\n   fun:*\n}\n"
	       "{\n   c\n   Memcheck:Overlap\n   fun:strcpy\n\n}\n"
	       "{\n   d\n   Memcheck:Jump\n   obj:*\n}\n"
	       "{\n   e\n   Memcheck:User\n   src:a.c:3\n}\n"
	       "{\n   f\n   Memcheck:Free\n   fun:free\n}\n"
	       "{\n   g\n   Memcheck:ReallocZero\n   fun:realloc\n}\n"
	       "{\n   h\n   Memcheck,Helgrind:Cond\n   fun:y\n}\n"
	       "{\n   i\n   drd:ConflictingAccess\n   anything at all\n}\n"
	       "{\n   j\n   exp-sgcheck:SorG\n   fun:y\n}\n"
	       "{\n   k \xc3\xa9t\xc3\xa9\n   Helgrind,Memcheck:Leak\n\n"
	       "   # of 2.0\n   match-leak-kinds: reachable,definite\n"
	       "   fun:*alloc\n   ...\n   obj:*/ld-*.so*\n}\n"
	       "{\n   l\n   core:PThread\n   fun:y\n}");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.left.others, 13);
	assert_int_equal(s.left.unknown, 0);
	assert_string_equal(s.list[0]->text, "k \xc3\xa9t\xc3\xa9");
	assert_int_equal(s.list[0]->line_count, 3);
	assert_true(s.list[0]->shared);
}

/* As Chromium's files have them for other tools, and later Valgrinds may. */
static void faults_that_memcheck_has_not_are_left_out(void **state)
{
	(void)state;
	accept("{\nn\nMemcheck:Unaddressable\nwhatever(x)\nfun:x\n}\n"
	       "{\nn\nMemcheck:Leek\nfun:x\n}\n"
	       "{\nn\nrefknot:Leak\nfun:x\n}\n");
	assert_int_equal(s.count, 1);
	assert_false(s.list[0]->shared);
	assert_int_equal(s.left.others, 2);
	assert_int_equal(s.left.unknown, 2);
	assert_int_equal(s.left.line, 3);
	assert_string_equal(s.left.name, "Memcheck:Unaddressable");
}

/* An error in the fourth line, after these. */
static void refuse_lines(const char *lines, const char *why)
{
	char *text;

	assert_true(asprintf(&text, "{\nn\nMemcheck:Leak\n%s", lines) > 0);
	refuse(text, why);
	free(text);
}

static void blocks_are_refused_where_valgrind_refuses_them(void **state)
{
	(void)state;
	refuse("{\n}\n", "f:2: the block is empty");
	refuse("{\nn\nfoo\nfun:x\n}\n", "f:3: \"foo\" is not of the form");
	refuse("{\nn\nrefknot:Foo\nfun:x\n}\n", "f:3: refknot knows nothing");
	refuse("{\nn\nMemcheck:Cond\nmatch-leak-kinds: all\nfun:x\n}\n",
	       "is not a line of a call stack");
	refuse("{\nn\nMemcheck:Cond\n}\n", "f:4: the block has no line that");
	refuse("{\nn\nOther:Leak\n", "f:3: the file ends within a block");
	refuse("{\n", "f:1: the file ends within a block");
	refuse_lines("foo\n}\n", "f:4: \"foo\" is not a line of a call stack");
	refuse_lines("fun:a\n", "f:4: the file ends within a block");
	refuse_lines("}\n", "f:4: the block has no line that begins with");
	refuse_lines("...\n}\n", "f:5: the block has no line that begins with");
	refuse_lines("match-leak-kinds:\nfun:a\n}\n", "are not kinds of leaks");
	refuse_lines("match-leak-kinds: definte\nfun:a\n}\n",
		     "\"definte\" are");
	refuse_lines("match-leak-kinds: a, b\nfun:a\n}\n", "without blanks");
	refuse_lines("match-leak-kinds: none,all\nfun:a\n}\n", "f:4: \"none,");
	refuse_lines("match-leak-kinds: all,\nfun:a\n}\n", "are not kinds of");
	refuse_lines("fun:a\nmatch-leak-kinds: all\n}\n", "f:5: \"match-leak-");
}

static void a_stack_may_have_500_lines(void **state)
{
	char *text = calloc(1, 8000), *end;

	(void)state;
	end = stpcpy(text, "{\nn\nMemcheck:Leak\n");
	for (int i = 0; i < 500; i++)
		end = stpcpy(end, "fun:a\n");
	strcpy(end, "}\n");
	accept(text);
	strcpy(end, "fun:a\n}\n");
	refuse(text, "f:504: the stack has more than 500 lines");
	free(text);
}

static void odd_bytes_are_errors_or_part_of_a_name(void **state)
{
	static const char nul[] = "leak:a\nleak:b\0c\n";
	char *line = malloc(70000);

	(void)state;
	accept("\xef\xbb\xbfleak:a\xff\x80z\n");
	assert_string_equal(s.list[0]->text, "a\xff\x80z");
	assert_int_equal(suppress_parse(&s, nul, sizeof(nul) - 1, "f", error),
			 -22);
	assert_non_null(strstr(error, "f:2: there is a NUL byte"));
	memset(line, 'a', 70000);
	memcpy(line, "leak:", 5);
	line[65535] = '\0';
	accept(line);
	line[65535] = 'a';
	line[65536] = '\0';
	refuse(line, "f:1: the line has 65536 bytes; it may have 65535");
	free(line);
}

static void an_endless_path_leaves_room_for_the_reason(void **state)
{
	char path[4096];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(suppress_parse(&s, "foo", 3, path, error), -22);
	assert_non_null(strstr(error, "p:1: \"foo\" is not a suppression"));
}

static void the_built_in_list_can_be_read(void **state)
{
	(void)state;
	suppress_add_built_in(&s);
	assert_true(s.count > 0);
	for (size_t i = 0; i < s.count; i++) {
		assert_true(s.list[i]->built_in);
		assert_non_null(s.list[i]->reason);
		assert_string_equal(s.list[i]->origin, "built in");
	}
}

/* --- Any bytes -------------------------------------------------------------------- */

static const char sample[] =
    "# for now until:2027-05-06\nleak:foo*bar$\ncycle:a until:2028-02-29 # b\n"
    "{\n  n\n  Memcheck,refknot:Leak\n  match-leak-kinds: definite,possible\n"
    "  fun:malloc\n  ...\n  obj:*x?\n  src:a.c:3\n}\n"
    "type:Session # why\n{\nm\nMemcheck:Param\nx\nfun:f\n}\nref:q # r\n";

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void check_entry(const struct suppression *one)
{
	assert_true(one->text[0] && !strpbrk(one->text, "\n"));
	assert_true(!one->until[0] || strlen(one->until) == 10);
	assert_true((one->kind == SUPPRESS_BLOCK) == (one->line_count > 0));
	assert_true((one->kind == SUPPRESS_BLOCK) == !one->pattern);
	for (size_t i = 0; i < one->line_count; i++)
		assert_true((one->lines[i].kind == LINE_ANY) ==
			    !one->lines[i].pattern);
	if (one->kind != SUPPRESS_BLOCK && one->kind != SUPPRESS_LEAK)
		assert_true(one->reason && one->reason[0]);
}

/* In a heap block of its size, so that a byte beyond is seen by Valgrind. */
static int try_bytes(const char *text, size_t size)
{
	char *copy = malloc(size + !size);
	int result;

	memcpy(copy, text, size);
	result = suppress_parse(&s, copy, size, "f", error);
	free(copy);
	assert_int_equal(!result, error[0] == '\0');
	for (size_t i = 0; i < s.count; i++)
		check_entry(s.list[i]);
	teardown(NULL);
	setup(NULL);
	return result;
}

static void a_sample_changed_anywhere_is_read_or_refused(void **state)
{
	static const char bytes[] = "\0\n #:{}*.\xff";
	size_t size = sizeof(sample) - 1, refused = 0;
	char *text = malloc(size);

	(void)state;
	assert_int_equal(try_bytes(sample, size), 0);
	for (size_t i = 0; i < size; i++) {
		refused += try_bytes(sample, i) != 0;
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			memcpy(text, sample, size);
			text[i] = bytes[b];
			refused += try_bytes(text, size) != 0;
		}
	}
	assert_true(refused > size);
	free(text);
}

static void pieces_in_any_order_are_read_or_refused(void **state)
{
	static const char *const pieces[] = { "leak:",
					      "cycle:",
					      "ref:",
					      "type:",
					      "{\n",
					      "}\n",
					      "Memcheck:Leak\n",
					      "fun:",
					      "obj:",
					      "src:",
					      "...\n",
					      "match-leak-kinds: ",
					      "all",
					      "until:",
					      "2027-01-31",
					      " # ",
					      "#",
					      "\n",
					      "\r\n",
					      "\t",
					      "a",
					      "*",
					      ":",
					      ",",
					      "\xef\xbb\xbf",
					      "definite,",
					      "x\n",
					      "\xc2",
					      "9",
					      "-" };
	uint32_t seed = 1, taken = 0;
	char text[4096];

	(void)state;
	for (int n = 0; n < 20000; n++) {
		char *end = text;
		uint32_t count = next_random(&seed) % 40;

		for (uint32_t i = 0; i < count; i++)
			end = stpcpy(
			    end, pieces[next_random(&seed) %
					(sizeof(pieces) / sizeof(*pieces))]);
		taken += !try_bytes(text, (size_t)(end - text));
	}
	assert_true(taken > 100);
}

static void random_bytes_are_read_or_refused(void **state)
{
	uint32_t seed = 2;
	char text[512];

	(void)state;
	for (int n = 0; n < 20000; n++) {
		size_t size = next_random(&seed) % sizeof(text);

		for (size_t i = 0; i < size; i++)
			text[i] = (char)next_random(&seed);
		try_bytes(text, size);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_leak_pattern_is_the_whole_line),
		TEST(our_own_rules_take_a_date_and_a_reason),
		TEST(our_own_rules_want_a_reason),
		TEST(a_comment_with_a_date_is_for_the_entry_after_it),
		TEST(a_comment_may_have_several_lines),
		TEST(a_date_may_follow_a_leak_pattern),
		TEST(the_name_of_a_block_may_have_a_date),
		TEST(a_date_for_nothing_is_an_error),
		TEST(dates_are_days_that_there_are),
		TEST(the_day_itself_still_counts),
		TEST(what_is_no_suppression_is_an_error_with_its_place),
		TEST(a_block_is_read_line_by_line),
		TEST(blocks_for_others_are_left_out),
		TEST(files_for_valgrind_are_read_as_they_are),
		TEST(faults_that_memcheck_has_not_are_left_out),
		TEST(blocks_are_refused_where_valgrind_refuses_them),
		TEST(a_stack_may_have_500_lines),
		TEST(odd_bytes_are_errors_or_part_of_a_name),
		TEST(an_endless_path_leaves_room_for_the_reason),
		TEST(the_built_in_list_can_be_read),
		TEST(a_sample_changed_anywhere_is_read_or_refused),
		TEST(pieces_in_any_order_are_read_or_refused),
		TEST(random_bytes_are_read_or_refused),
	};

	return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
