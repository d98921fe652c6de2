/* SPDX-License-Identifier: MIT */
/* Baselines: what is read, what is refused, what findings become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "baseline.h"
#include "scratch.h"
#include "text_file.h"

#define A "0123456789abcdef"
#define B "fedcba9876543210"

static struct baseline b;
static char error[512];

static bool parse(const char *text)
{
	return baseline_parse(&b, "base.txt", text, error, sizeof(error));
}

static void refuse(const char *text, const char *why)
{
	assert_false(parse(text));
	if (!strstr(error, why))
		fail_msg("\"%s\" is not in: %s", why, error);
}

static void lines_are_read_with_their_comments(void **state)
{
	(void)state;
	assert_true(parse("# a heading\n\n" B
			  " leak count=3 bytes=96 parse x.c  # known\r\n" A
			  ".2 orphaned-cycle count=1 bytes=40"));
	assert_int_equal(b.count, 2);
	assert_string_equal(b.list[0].signature, A ".2");
	assert_int_equal(b.list[0].bytes, 40);
	assert_null(b.list[0].comment);
	assert_string_equal(b.list[1].kind, "leak");
	assert_int_equal(b.list[1].count, 3);
	assert_string_equal(b.list[1].comment, "known");
	assert_string_equal(b.list[1].text, "parse x.c");
	baseline_release(&b);
}

static void what_a_merge_leaves_twice_is_one(void **state)
{
	(void)state;
	assert_true(parse(A " leak count=3 bytes=96\n" A
			    " leak count=2 bytes=120 # why\n" B
			    " leak count=1 bytes=1\n"));
	assert_int_equal(b.count, 2);
	assert_int_equal(b.list[0].count, 3);
	assert_int_equal(b.list[0].bytes, 120);
	assert_string_equal(b.list[0].comment, "why");
	baseline_release(&b);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	refuse("\n<<<<<<< HEAD\n", "base.txt:2: a line begins with");
	refuse("0123456789abcde leak count=1 bytes=1", "base.txt:1:");
	refuse("0123456789abcdeff leak count=1 bytes=1", "base.txt:1:");
	refuse(A ". leak count=1 bytes=1", "base.txt:1:");
	refuse(A, "the kind of finding");
	refuse(A " leak count= bytes=1", "count=N and bytes=N");
	refuse(A " leak count=1 bytes=-1", "count=N and bytes=N");
	refuse(A " leak count=1 bytes=1x", "count=N and bytes=N");
	refuse(A " leak count=99999999999999999999 bytes=1", "count=N");
}

static struct issue issue(const char *signature, uint64_t count, uint64_t bytes)
{
	return (struct issue){ .signature = (char *)(uintptr_t)signature,
			       .kind = FINDING_LEAK,
			       .count = count,
			       .bytes = bytes };
}

static void findings_are_new_known_or_grown(void **state)
{
	struct issue list[] = {
		issue(A, 3, 96),
		issue(A ".2", 1, 1),
		issue(B, 1, 1),
		issue("1111111111111111", 1, 1),
	};
	struct issues issues = { list, 4, 4 };

	(void)state;
	list[3].state = ISSUE_SUPPRESSED;
	assert_true(parse(A " leak count=3 bytes=96\n" B
			    " leak count=1 bytes=0\n"
			    "1111111111111111 leak count=1 bytes=1\n"
			    "2222222222222222 leak count=1 bytes=1\n"));
	baseline_apply(&b, &issues);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_int_equal(list[1].state, ISSUE_NEW);
	assert_int_equal(list[2].state, ISSUE_GROWN);
	assert_int_equal(list[3].state, ISSUE_SUPPRESSED);
	assert_true(b.list[0].seen); /* 0123... */
	assert_true(b.list[1].seen); /* 1111..., though suppressed */
	assert_false(b.list[2].seen);
	baseline_release(&b);
}

static void an_update_keeps_comments_and_is_sorted(void **state)
{
	struct issue list[] = { issue(B, 2, 20), issue(A, 3, 96),
				issue("1111111111111111", 1, 1) };
	struct issues issues = { list, 3, 3 };
	char *text;

	(void)state;
	list[2].state = ISSUE_SUPPRESSED;
	assert_true(parse(B " leak count=1 bytes=1 # why\n"
			    "2222222222222222 leak count=1 bytes=1\n"));
	assert_int_equal(baseline_write(&b, &issues), 0);
	text = text_file_read(b.path, "a baseline");
	assert_string_equal(strchr(text, '\n') + 1,
			    A " leak count=3 bytes=96\n" B
			      " leak count=2 bytes=20  # why\n");
	assert_int_equal(text[0], '#');
	free(text);
	baseline_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_with_their_comments),
		cmocka_unit_test(what_a_merge_leaves_twice_is_one),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(findings_are_new_known_or_grown),
		cmocka_unit_test(an_update_keeps_comments_and_is_sorted),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
