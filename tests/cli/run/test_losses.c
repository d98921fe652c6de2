/* SPDX-License-Identifier: MIT */
/* What a run found in its processes: in short, in order, in sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "losses.h"

static void assert_text(struct rkn_meta m, const char *expected)
{
	char *text = losses_text(&m);

	assert_string_equal(text, expected);
	free(text);
}

static void kinds_are_named(void **state)
{
	(void)state;
	assert_text((struct rkn_meta){ 0 }, "");
	assert_text((struct rkn_meta){ .run_leaks = 1, .run_lost_bytes = 40 },
		    "1 leak, 40 B");
	assert_text((struct rkn_meta){ .run_cycles = 2, .run_leaks = 3 },
		    "2 orphaned cycles and 3 leaks");
	assert_text((struct rkn_meta){ .run_cycles = 1,
				       .run_leaks = 2,
				       .run_others = 1,
				       .run_lost_bytes = 2048 },
		    "1 orphaned cycle, 2 leaks and 1 other finding, 2.0 KiB");
	assert_text((struct rkn_meta){ .run_others = 2 }, "2 findings");
	assert_text(
	    (struct rkn_meta){ .run_others = 2, .run_lost_mapped = 5 << 20 },
	    "2 findings; 5.0 MiB of mappings lost");
	assert_text((struct rkn_meta){ .run_lost_mapped = 4096 },
		    "4.0 KiB of mappings lost");
}

static void the_worst_lost_most(void **state)
{
	/* Each is worse than the next. */
	const struct rkn_meta list[] = {
		{ .pid = 5, .run_lost_bytes = 100, .run_leaks = 1 },
		{ .pid = 6, .run_lost_bytes = 99, .run_leaks = 9 },
		{ .pid = 7, .run_cycles = 1, .run_others = 1 },
		{ .pid = 8, .run_others = 1, .run_possible = 9 },
		{ .pid = 9, .run_possible = 2 },
		{ .pid = 10, .run_possible = 1 },
		{ .pid = 3, .run_pid = 3, .start_ns = 8 },
		{ .pid = 3, .run_pid = 3, .start_ns = 7 },
		{ .pid = 12, .run_pid = 3, .start_ns = 5 },
		{ .pid = 11, .run_pid = 3, .start_ns = 6 },
	};
	size_t count = sizeof(list) / sizeof(*list);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			assert_int_equal(losses_compare(&list[i], &list[k]),
					 (i > k) - (i < k));
}

static void findings_are_counted_by_kind(void **state)
{
	struct finding list[] = {
		{ .kind = FINDING_CYCLE, .bytes = 100, .held_bytes = 10 },
		{ .kind = FINDING_LEAK, .bytes = 1 },
		{ .kind = FINDING_LEAK, .bytes = 2 },
		{ .kind = FINDING_REFERENCE, .bytes = 4 },
		{ .kind = FINDING_OVER, .bytes = 1000 },
		{ .kind = FINDING_POSSIBLE, .bytes = 5000 },
	};
	struct findings f = { .list = list,
			      .count = sizeof(list) / sizeof(*list),
			      .checked = true };
	struct rkn_mapped mapped[] = {
		{ .start = 4096, .end = 8192, .flags = RKN_MAPPED_UNHELD },
		{ .start = 8192, .end = 16384 },
	};
	struct rkn_mapped_site sites[1] = { 0 };
	struct model of = { .mapped = mapped,
			    .mapped_count = 2,
			    .mapped_sites = sites,
			    .mapped_site_count = 1,
			    .meta.flags =
				RKN_META_SNAPSHOT | RKN_META_MAPPINGS };
	struct rkn_meta m = { .run_cycles = 77,
			      .flags = RKN_META_UNJUDGED | RKN_META_FORKED };

	(void)state;
	losses_note(&m, &f, &of);
	assert_int_equal(m.run_cycles, 1);
	assert_int_equal(m.run_lost_mapped, 4096);
	assert_int_equal(m.run_leaks, 2);
	assert_int_equal(m.run_others, 2);
	assert_int_equal(m.run_possible, 1);
	assert_int_equal(m.run_lost_bytes, 117);
	assert_int_equal(m.flags, RKN_META_JUDGED | RKN_META_FORKED);
	assert_int_equal(losses_findings(&m), 5);
	f = (struct findings){ 0 };
	/* It is not known any more. */
	of.meta.flags = 0;
	losses_note(&m, &f, &of);
	assert_int_equal(losses_findings(&m), 0);
	assert_int_equal(m.run_lost_mapped, 0);
	assert_int_equal(m.flags, RKN_META_UNJUDGED | RKN_META_FORKED);
	assert_true(losses_are_known(&m));
}

static void assert_sums(const struct rkn_meta *list, size_t count,
			const char *expected)
{
	struct losses_sums s = { 0 };
	char *text;

	for (size_t i = 0; i < count; i++)
		losses_add(&s, &list[i]);
	text = losses_sums_text(&s);
	assert_string_equal(text, expected);
	free(text);
}

static void all_are_summed(void **state)
{
	const struct rkn_meta list[] = {
		{ .flags = RKN_META_JUDGED,
		  .run_leaks = 2,
		  .run_lost_bytes = 9 },
		{ .flags = RKN_META_JUDGED, .end = RKN_END_SIGNAL },
		{ .flags = RKN_META_UNJUDGED, .end = RKN_END_SIGNAL },
		{ .flags = RKN_META_UNJUDGED, .run_others = 1 },
		{ .flags = RKN_META_JUDGED },
		{ .flags = RKN_META_JUDGED, .run_lost_mapped = 4096 },
		{ .flags = RKN_META_JUDGED,
		  .run_leaks = 1,
		  .run_lost_bytes = 9,
		  .run_lost_mapped = 8192 },
	};

	(void)state;
	assert_sums(list, 1, "1 of 1 process has findings, 9 B lost");
	assert_sums(
	    list, 2,
	    "1 of 2 processes has findings, 9 B lost; 1 is clean, 1 was ended by a signal");
	assert_sums(
	    list, 5,
	    "2 of 5 processes have findings, 9 B lost; 2 are clean, 1 was not checked, 2 were ended by a signal");
	assert_sums(list + 4, 1, "0 of 1 process has findings; 1 is clean");
	assert_sums(
	    list + 4, 2,
	    "0 of 2 processes have findings, 4.0 KiB of mappings lost; 1 is clean, 1 lost only mappings");
	assert_sums(
	    list + 5, 2,
	    "1 of 2 processes has findings, 9 B lost and 12.0 KiB of mappings; 1 lost only mappings");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_named),
		cmocka_unit_test(the_worst_lost_most),
		cmocka_unit_test(findings_are_counted_by_kind),
		cmocka_unit_test(all_are_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
