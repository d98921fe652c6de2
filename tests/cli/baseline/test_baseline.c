/* SPDX-License-Identifier: MIT */
/* Baselines: what is read, what is refused, what findings become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	refuse("\n<<<<<<< HEAD\n",
	       "base.txt:2: a merge has left this conflict marker");
	refuse("0123456789abcde leak count=1 bytes=1", "base.txt:1:");
	refuse("0123456789abcdeff leak count=1 bytes=1", "base.txt:1:");
	refuse(A ". leak count=1 bytes=1", "base.txt:1:");
	refuse(A, "the kind of finding");
	refuse(A " leak count= bytes=1", "count=N and bytes=N");
	refuse(A " leak count=1 bytes=-1", "count=N and bytes=N");
	refuse(A " leak count=1 bytes=1x", "count=N and bytes=N");
	refuse("\n" A " leek count=1 bytes=1", "base.txt:2: no kind");
	refuse(A " leak count=1 bytes=1 lines=", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=+3,", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=+3:1a2", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=+3:1a2bc", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=3 x", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=+1234567890", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=@1234567", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=@123456789", "lines= needs");
	refuse(A " leak count=1 bytes=1 lines=+1@12345678", "lines= needs");
	refuse("# refknot baseline 2: x\n", "base.txt:1: this refknot reads");
	refuse(A " leak count=99999999999999999999 bytes=1", "count=N");
}

static struct issue issue(const char *signature, uint64_t count, uint64_t bytes)
{
	return (struct issue){ .signature = strdup(signature),
			       .kind = FINDING_LEAK,
			       .count = count,
			       .bytes = bytes };
}

static struct issue at(const char *signature, const char *lines)
{
	struct issue i = issue(signature, 1, 1);

	assert_true(frame_lines_parse(&i.lines, lines));
	return i;
}

static void apply(struct issue *list, size_t count)
{
	baseline_apply(&b, &(struct issues){ .list = list, .count = count });
}

static void release_all(struct issue *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].signature);
		free(list[i].other);
		frame_lines_release(&list[i].lines);
	}
	baseline_release(&b);
}

static void findings_are_new_known_or_grown(void **state)
{
	struct issue list[] = {
		issue(A, 3, 96),
		issue(A ".2", 1, 1),
		issue(B, 1, 1),
		issue("1111111111111111", 1, 1),
	};

	(void)state;
	list[3].state = ISSUE_SUPPRESSED;
	assert_true(parse(A " leak count=3 bytes=96\n" B
			    " leak count=1 bytes=0\n"
			    "1111111111111111 leak count=1 bytes=1\n"
			    "2222222222222222 leak count=1 bytes=1\n"));
	apply(list, 4);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_int_equal(list[1].state, ISSUE_NEW);
	assert_int_equal(list[2].state, ISSUE_GROWN);
	assert_int_equal(list[3].state, ISSUE_SUPPRESSED);
	assert_true(b.list[0].seen); /* 0123... */
	assert_true(b.list[1].seen); /* 1111..., though suppressed */
	assert_false(b.list[2].seen);
	release_all(list, 4);
}

static void lines_are_read_and_old_files_have_none(void **state)
{
	const struct frame_lines *l;

	(void)state;
	assert_true(
	    parse("# refknot baseline 1: x\n" A
		  " leak count=1 bytes=1 lines=+3:1a2b,?,-2,:00ff parse "
		  "x.c # why\n" B " leak count=1 bytes=1 parse x.c\n"));
	l = &b.list[0].lines;
	assert_int_equal(l->count, 4);
	assert_true(l->list[0].placed && l->list[0].read);
	assert_int_equal(l->list[0].offset, 3);
	assert_int_equal(l->list[0].text, 0x1a2b);
	assert_false(l->list[1].placed || l->list[1].read);
	assert_int_equal(l->list[2].offset, -2);
	assert_false(l->list[2].read || l->list[3].placed);
	assert_string_equal(b.list[0].text, "parse x.c");
	assert_string_equal(b.list[0].comment, "why");
	assert_int_equal(b.list[1].lines.count, 0);
	baseline_release(&b);
}

/* What an entry with these lines does with a finding at those. */
static enum issue_state state_of(const char *entry, const char *finding)
{
	char text[256];
	struct issue one = *finding ? at(A, finding) : issue(A, 1, 1);
	enum issue_state state;

	snprintf(text, sizeof(text), A " leak count=1 bytes=1%s%s",
		 *entry ? " lines=" : "", entry);
	assert_true(parse(text));
	apply(&one, 1);
	state = one.state;
	assert_true(b.list[0].seen == (state == ISSUE_KNOWN));
	release_all(&one, 1);
	return state;
}

static void an_offset_or_the_text_is_enough_of_each_frame(void **state)
{
	static const char here[] = "+3:1a2b,+10:9f3e";

	(void)state;
	assert_int_equal(state_of(here, here), ISSUE_KNOWN);
	assert_int_equal(state_of("+4:1a2b,+10:9f3e", here), ISSUE_KNOWN);
	assert_int_equal(state_of("+3:ffff,+10:9f3e", here), ISSUE_KNOWN);
	assert_int_equal(state_of("+3:ffff,+11:9f3e", here), ISSUE_KNOWN);
	assert_int_equal(state_of("+4:ffff,+10:9f3e", here), ISSUE_NEW);
	assert_int_equal(state_of("+3:1a2b,+9:ffff", here), ISSUE_NEW);
	assert_int_equal(state_of("+3:1a2b", here), ISSUE_NEW);
}

static void what_is_not_known_is_no_difference(void **state)
{
	(void)state;
	assert_int_equal(state_of("", "+3:1a2b"), ISSUE_KNOWN);
	assert_int_equal(state_of("+3:1a2b", ""), ISSUE_KNOWN);
	assert_int_equal(state_of("?,+3:1a2b", "+1:ffff,+3:1a2b"), ISSUE_KNOWN);
	assert_int_equal(state_of("+3", "+3:1a2b"), ISSUE_KNOWN);
	assert_int_equal(state_of("+3", ":1a2b"), ISSUE_KNOWN);
	/* One is known of both, and differs. */
	assert_int_equal(state_of("+3", "+4:1a2b"), ISSUE_NEW);
	assert_int_equal(state_of(":ffff", "+4:1a2b"), ISSUE_NEW);
}

/* Offsets are the same in another build, and mean something else. */
static void code_without_a_name_must_be_the_same(void **state)
{
	static const char here[] = "@5be1c03d,+3:1a2b";

	(void)state;
	assert_int_equal(state_of(here, here), ISSUE_KNOWN);
	assert_int_equal(state_of("@5be1c03d,+4:1a2b", here), ISSUE_KNOWN);
	assert_int_equal(state_of("@5be1c03e,+3:1a2b", here), ISSUE_NEW);
	assert_int_equal(state_of("?,+3:1a2b", here), ISSUE_NEW);
	assert_int_equal(state_of("+1:1a2b,+3:1a2b", here), ISSUE_NEW);
	assert_int_equal(state_of("", here), ISSUE_NEW);
	assert_int_equal(state_of(here, ""), ISSUE_NEW);
	assert_int_equal(state_of("@00000000", "@00000000"), ISSUE_NEW);
}

static void what_is_behind_a_signature_does_not_matter(void **state)
{
	struct issue list[] = { at(A, "+9:bbbb"), at(A ".2", "+20:cccc") };

	(void)state;
	assert_true(parse(A " leak count=1 bytes=1 lines=+3:aaaa\n" A
			    ".2 leak count=1 bytes=1 lines=+9:bbbb\n"));
	apply(list, 2);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_string_equal(list[0].signature, A ".2");
	assert_int_equal(list[1].state, ISSUE_NEW);
	assert_string_equal(list[1].signature, A ".3");
	assert_non_null(list[1].other);
	assert_false(b.list[0].seen);
	release_all(list, 2);
}

static void findings_go_to_the_nearest_entries(void **state)
{
	/* Two lines were put in above both: +5 was the second one's. */
	struct issue list[] = { at(A, "+5:aaaa"), at(A ".2", "+7:bbbb") };

	(void)state;
	assert_true(parse(A " leak count=1 bytes=1 lines=+3:aaaa\n" A
			    ".2 leak count=5 bytes=5 lines=+5:bbbb\n"));
	apply(list, 2);
	assert_int_equal(list[0].known_count, 1);
	assert_int_equal(list[1].known_count, 5);
	release_all(list, 2);
}

static void one_takes_another_entry_to_make_room(void **state)
{
	/* The first is nearer to what the second needs. */
	struct issue list[] = { at(A, "+1:aaaa,+1:aaaa"),
				at(A, "+9:aaaa,+9:aaaa") };

	(void)state;
	assert_true(parse(A " leak count=1 bytes=1 lines=+2:aaaa,+1:aaaa\n" A
			    ".2 leak count=1 bytes=1 lines=+1:bbbb,+1:cccc\n"));
	apply(list, 2);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_int_equal(list[1].state, ISSUE_KNOWN);
	release_all(list, 2);
}

static void an_entry_accepts_one_finding(void **state)
{
	struct issue list[] = { at(A, "+3:aaaa"), at(A, "+4:aaaa") };

	(void)state;
	assert_true(parse(A " leak count=1 bytes=1 lines=+3:aaaa\n"));
	apply(list, 2);
	assert_int_equal(list[0].state, ISSUE_KNOWN);
	assert_int_equal(list[1].state, ISSUE_NEW);
	assert_string_equal(list[1].signature, A ".2");
	assert_null(list[1].other);
	release_all(list, 2);
}

static void a_merge_of_old_and_new_files_has_the_lines(void **state)
{
	(void)state;
	assert_true(parse(A " leak count=9 bytes=9\n" A
			    " leak count=1 bytes=1 lines=+3:aaaa\n" A
			    " leak count=1 bytes=1 lines=+9:bbbb # why\n"));
	assert_int_equal(b.count, 2);
	assert_int_equal(b.list[0].count, 9);
	assert_int_equal(b.list[0].lines.list[0].offset, 3);
	assert_int_equal(b.list[1].lines.list[0].offset, 9);
	baseline_release(&b);
}

static void stale_entries_may_stay(void **state)
{
	struct issue list[] = { at(A, "+3:aaaa") };
	struct issues issues = { .list = list, .count = 1 };
	struct baseline_changes changes;
	char *text;

	(void)state;
	assert_true(parse(A " leak count=1 bytes=1 lines=+9:bbbb f x.c # a\n" B
			    " leak count=1 bytes=1 # b\n"));
	baseline_apply(&b, &issues);
	assert_int_equal(baseline_write(&b, &issues, true, 0, &changes), 0);
	text = text_file_read(b.path, "a baseline");
	assert_string_equal(strchr(text, '\n') + 1, A
			    " leak count=1 bytes=1 lines=+9:bbbb f x.c  # a\n" A
			    ".2 leak count=1 bytes=1 lines=+3:aaaa\n" B
			    " leak count=1 bytes=1  # b\n");
	assert_int_equal(changes.added, 1);
	assert_int_equal(changes.kept, 2);
	assert_int_equal(changes.stale, 2);
	assert_int_equal(changes.removed, 0);
	free(text);
	release_all(list, 1);
}

static void an_update_keeps_comments_and_is_sorted(void **state)
{
	struct issue list[] = { issue(B, 2, 20), issue(A, 3, 96),
				issue("1111111111111111", 1, 1) };
	struct issues issues = { .list = list, .count = 3 };
	struct baseline_changes changes;
	char *text;

	(void)state;
	list[2].state = ISSUE_SUPPRESSED;
	assert_true(parse(B " leak count=1 bytes=1 # why\n"
			    "2222222222222222 leak count=1 bytes=1\n"));
	baseline_apply(&b, &issues);
	assert_int_equal(baseline_write(&b, &issues, false, 0, &changes), 0);
	text = text_file_read(b.path, "a baseline");
	assert_string_equal(strchr(text, '\n') + 1,
			    A " leak count=3 bytes=96\n" B
			      " leak count=2 bytes=20  # why\n");
	assert_int_equal(text[0], '#');
	assert_int_equal(changes.added, 1);
	assert_int_equal(changes.kept, 1);
	assert_int_equal(changes.removed, 1);
	free(text);
	release_all(list, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_with_their_comments),
		cmocka_unit_test(what_a_merge_leaves_twice_is_one),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(findings_are_new_known_or_grown),
		cmocka_unit_test(lines_are_read_and_old_files_have_none),
		cmocka_unit_test(an_offset_or_the_text_is_enough_of_each_frame),
		cmocka_unit_test(what_is_not_known_is_no_difference),
		cmocka_unit_test(code_without_a_name_must_be_the_same),
		cmocka_unit_test(what_is_behind_a_signature_does_not_matter),
		cmocka_unit_test(findings_go_to_the_nearest_entries),
		cmocka_unit_test(one_takes_another_entry_to_make_room),
		cmocka_unit_test(an_entry_accepts_one_finding),
		cmocka_unit_test(a_merge_of_old_and_new_files_has_the_lines),
		cmocka_unit_test(stale_entries_may_stay),
		cmocka_unit_test(an_update_keeps_comments_and_is_sorted),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
