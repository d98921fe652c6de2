/* SPDX-License-Identifier: MIT */
/* The gate on hand-made recordings: what fails, what does not, the last line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate.h"
#include "gate_failing.h"
#include "gate_judge.h"
#include "gate_options.h"
#include "gate_writers.h"
#include "scene.h"

static struct scene s;
static struct gate g;
static struct suppressions none;
static struct baseline baseline;

static int setup(void **state)
{
	(void)state;
	scene_init(&s);
	s.m.meta.end = RKN_END_EXIT;
	s.m.meta.pid = 7;
	s.m.meta.program = 1;
	gate_open(&g, &none);
	g.sources = sources_open("/");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sources_close(g.sources);
	gate_close(&g);
	baseline_release(&baseline);
	return 0;
}

static void lose(const char *function, uint64_t bytes)
{
	scene_block(&s, scene_in(&s, function), bytes);
}

/* Two blocks of so many bytes that point at each other. */
static void lose_ring(const char *function, uint64_t bytes)
{
	uint32_t stack = scene_in(&s, function);
	uint32_t one = scene_block(&s, stack, bytes);
	uint32_t other = scene_block(&s, stack, bytes);

	scene_edge(&s, one, 0, other, 0);
	scene_edge(&s, other, 0, one, 0);
}

/* Adds the scene as it is now. */
static void add_scene(void)
{
	struct reading in = scene_read(&s);

	gate_add(&g, &in);
	names_close(in.names);
	block_types_close(in.types);
}

static void expect(int program, const char *summary)
{
	add_scene();
	gate_judge(&g, program);
	assert_string_equal(g.verdict.summary, summary);
}

static void nothing_found_is_green(void **state)
{
	(void)state;
	expect(0, "refknot: OK no findings; suppressed 0; exit 0");
}

static void leaks_and_cycles_fail(void **state)
{
	(void)state;
	lose("a", 100);
	lose("b", 1100);
	lose_ring("c", 4);
	expect(0, "refknot: FAIL 1 orphaned cycle (8 B), 2 leaks (1.2 KiB); "
		  "suppressed 0; exit 23");
	assert_int_equal(g.verdict.status, 23);
}

static void the_program_s_status_wins(void **state)
{
	(void)state;
	lose("a", 100);
	expect(3, "refknot: FAIL 1 leak (100 B); suppressed 0; exit 3");
}

static void a_failing_program_is_not_called_fine(void **state)
{
	(void)state;
	expect(3, "refknot: PROGRAM FAILED no findings; suppressed 0; exit 3");
}

static void kinds_that_are_not_asked_for_do_not_fail(void **state)
{
	(void)state;
	gate_options_fail_on(&g.options, "cycle,reference");
	lose("a", 100);
	expect(0, "refknot: OK 1 finding that does not fail (leak); "
		  "suppressed 0; exit 0");
}

static void kinds_that_do_not_fail_are_named(void **state)
{
	(void)state;
	gate_options_fail_on(&g.options, "reference");
	lose("a", 100);
	lose("b", 100);
	lose_ring("c", 4);
	expect(4, "refknot: PROGRAM FAILED 3 findings that do not fail "
		  "(orphaned cycle, leak); suppressed 0; exit 4");
}

/* What a baseline keeps of a stack of these, innermost first. */
static char *kept_lines(const char *const *names, const char *module)
{
	uint32_t stack = scene_stack(&s, names);
	char *text = NULL;
	size_t size;
	FILE *out;

	for (size_t i = 1; i < s.m.frame_count; i++) {
		s.symbols.modules[i] = s.symbols.functions[i] ? NULL : module;
		s.symbols.builds[i] = 0x123456789abcdef;
	}
	scene_block(&s, stack, 100);
	add_scene();
	assert_int_equal(g.issues.count, 1);
	out = open_memstream(&text, &size);
	frame_lines_print(out, &g.issues.list[0].lines);
	fclose(out);
	return text;
}

static void code_without_a_name_is_kept_by_its_build(void **state)
{
	static const char *const names[] = { "", "f", "", "main", NULL };
	char *text = kept_lines(names, "/opt/plug.so");

	(void)state;
	assert_int_equal(text[0], '@');
	assert_memory_equal(text + 9, ",?,@", 4);
	assert_memory_not_equal(text + 1, text + 13, 8);
	assert_string_equal(text + 21, ",?");
	free(text);
}

/* Updates of the system would else have all findings be new. */
static void callers_in_the_system_s_libraries_may_be_updated(void **state)
{
	static const char *const names[] = { "xmalloc", "",     "f",
					     "",        "main", NULL };
	char *text = kept_lines(names, "/usr/lib/libglib-2.0.so.0");

	(void)state;
	assert_memory_equal(text, "?,@", 3);
	assert_string_equal(text + 11, ",?,?,?");
	free(text);
}

static void possible_leaks_fail_when_asked_for(void **state)
{
	(void)state;
	gate_options_fail_on(&g.options, "possible");
	lose("a", 100);
	scene_root(&s, 0, 50);
	expect(0, "refknot: FAIL 1 possible leak (100 B); suppressed 0; "
		  "exit 23");
}

static void possible_leaks_are_no_findings_otherwise(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	gate_options_fail_on(&g.options, "cycle");
	lose("a", 100);
	scene_root(&s, 0, 50);
	lose("b", 100);
	expect(0, "refknot: OK 1 finding that does not fail (leak); "
		  "suppressed 0; exit 0");
	out = open_memstream(&text, &size);
	gate_write_text(out, &g);
	fclose(out);
	assert_null(strstr(text, "does not fail: possible leak"));
	assert_non_null(strstr(
	    text,
	    "note: 1 possible leak (1 object, 100 B), held by pointers into the middle only; --fail-on possible fails for it\n"
	    "refknot: OK "));
	free(text);
}

/* Nothing may be called clean that was not looked at. */
static void what_was_not_checked_is_not_green(void **state)
{
	(void)state;
	s.m.meta.flags = 0;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	add_scene();
	gate_judge(&g, 0);
	assert_true(g.verdict.failed);
	assert_int_equal(g.verdict.status, 23);
	assert_non_null(strstr(g.verdict.summary, "complete: scene[7]: "));
}

static void a_thread_that_did_not_stop_is_not_green(void **state)
{
	(void)state;
	s.m.limits[RKN_LIMIT_THREAD_RUNNING] = 1;
	add_scene();
	gate_judge(&g, 0);
	assert_true(g.verdict.failed);
}

static void details_that_are_missing_are_green(void **state)
{
	(void)state;
	s.m.limits[RKN_LIMIT_TRUNCATED_STACK] = 5;
	s.m.limits[RKN_LIMIT_INHERITED] = 1;
	expect(0, "refknot: OK no findings; suppressed 0; exit 0");
}

static void no_recording_is_not_green(void **state)
{
	(void)state;
	gate_judge(&g, 0);
	assert_string_equal(g.verdict.summary,
			    "refknot: FAIL complete: nothing was recorded; "
			    "suppressed 0; exit 23");
}

static void incomplete_is_green_where_that_is_allowed(void **state)
{
	(void)state;
	g.options.allow_incomplete = true;
	gate_add_incomplete(&g, "/bin/x", NULL, 3, 0, "it is still running");
	gate_judge(&g, 0);
	assert_false(g.verdict.failed);
}

/* Its memory went when another program took its place. */
static void a_process_replaced_by_exec_need_not_be_checked(void **state)
{
	(void)state;
	s.m.meta.end = RKN_END_UNKNOWN;
	s.m.meta.flags = 0;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	s.m.meta.start_ns = 5;
	add_scene();
	s.m.meta.end = RKN_END_EXIT;
	s.m.meta.flags = RKN_META_SNAPSHOT;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 0;
	s.m.meta.start_ns = 6;
	expect(0, "refknot: OK no findings; suppressed 0; exit 0");
}

/* It had the same number, which was free again. */
static void a_forked_process_replaces_nobody(void **state)
{
	(void)state;
	s.m.meta.end = RKN_END_UNKNOWN;
	s.m.meta.flags = 0;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	s.m.meta.start_ns = 5;
	add_scene();
	s.m.meta.end = RKN_END_EXIT;
	s.m.meta.flags = RKN_META_SNAPSHOT | RKN_META_FORKED;
	s.m.limits[RKN_LIMIT_NO_SNAPSHOT] = 0;
	s.m.meta.start_ns = 6;
	add_scene();
	gate_judge(&g, 0);
	assert_true(g.verdict.failed);
}

static void one_finding_of_two_processes_is_one(void **state)
{
	(void)state;
	lose("a", 100);
	add_scene();
	s.m.meta.pid = 8;
	expect(0, "refknot: FAIL 1 leak (200 B); suppressed 0; exit 23");
	assert_int_equal(g.issues.count, 1);
	assert_int_equal(g.issues.list[0].processes, 2);
	assert_int_equal(g.issues.list[0].count, 2);
}

static void accept(const char *counts)
{
	char text[100], error[100];

	snprintf(text, sizeof(text),
		 "%s leak %s\n"
		 "1111111111111111 leak count=1 bytes=1\n",
		 g.issues.list[0].signature, counts);
	assert_true(baseline_parse(&baseline, "b", text, error, sizeof(error)));
	g.baseline = &baseline;
}

static void judge_with(const char *counts, const char *mode,
		       const char *summary)
{
	gate_options_fail_on(&g.options, mode);
	lose("a", 100);
	add_scene();
	accept(counts);
	gate_judge(&g, 0);
	assert_string_equal(g.verdict.summary, summary);
}

static void what_is_known_does_not_fail(void **state)
{
	(void)state;
	judge_with("count=1 bytes=100", "new",
		   "refknot: OK no new findings; baseline 1, suppressed 0; "
		   "stale 1; exit 0");
}

static void what_has_grown_fails_when_asked_for(void **state)
{
	(void)state;
	judge_with("count=1 bytes=99", "grown",
		   "refknot: FAIL 1 leak (100 B); baseline 1, "
		   "suppressed 0; stale 1; exit 23");
}

static void what_has_grown_is_known_otherwise(void **state)
{
	(void)state;
	judge_with("count=1 bytes=99", "new",
		   "refknot: OK no new findings; baseline 1, suppressed 0; "
		   "stale 1; exit 0");
}

static void any_fails_for_what_is_known_too(void **state)
{
	(void)state;
	judge_with("count=1 bytes=100", "any",
		   "refknot: FAIL 1 leak (100 B); baseline 1, "
		   "suppressed 0; stale 1; exit 23");
}

static void leaks_within_their_limit_do_not_fail(void **state)
{
	(void)state;
	gate_options_most(&g.options.leaked_bytes, 100, "100");
	lose("a", 100);
	expect(0, "refknot: OK 1 finding that does not fail (leak); "
		  "suppressed 0; exit 0");
	assert_int_equal(g.verdict.fresh, 0);
}

static void leaks_beyond_their_limit_fail(void **state)
{
	(void)state;
	gate_options_most(&g.options.leaked_objects, 1, "1");
	lose("a", 100);
	lose("b", 1);
	expect(0, "refknot: FAIL max-leaked-objects: 2 objects leaked "
		  "(limit 1); suppressed 0; exit 23");
	assert_int_equal(g.verdict.fresh, 2);
	assert_true(gate_fails(&g, &g.issues.list[0]));
	for (size_t i = 0; i < g.verdict.rule_count; i++)
		assert_int_equal(
		    gate_fails_by(&g, &g.verdict.rules[i], &g.issues.list[0]),
		    g.verdict.rules[i].failed);
}

static void a_peak_has_a_limit(void **state)
{
	(void)state;
	gate_options_most(&g.options.peak, 1024, "1k");
	s.m.meta.peak_bytes = 1025;
	expect(0, "refknot: FAIL max-peak: 1025 B at the peak of scene[7] "
		  "(limit 1024 B); suppressed 0; exit 23");
}

static void a_limit_tells_of_the_process_that_had_most(void **state)
{
	(void)state;
	gate_options_most(&g.options.peak, 10, "10");
	s.m.meta.peak_bytes = 20;
	add_scene();
	s.m.meta.pid = 8;
	s.m.meta.peak_bytes = 30;
	add_scene();
	s.m.meta.pid = 9;
	s.m.meta.peak_bytes = 25;
	expect(0, "refknot: FAIL max-peak: 30 B at the peak of scene[8] "
		  "(limit 10 B); suppressed 0; exit 23");
}

static void a_type_has_a_limit(void **state)
{
	(void)state;
	gate_options_limit(&g.options, "max-live", "malloc in a=1", false);
	gate_options_limit(&g.options, "max-live", "malloc in a=10B", false);
	gate_options_limit(&g.options, "max-live", "absent=0", false);
	lose("a", 2);
	scene_root(&s, 0, 0);
	lose("a", 9);
	scene_root(&s, 1, 0);
	add_scene();
	gate_judge(&g, 0);
	assert_string_equal(g.verdict.summary,
			    "refknot: FAIL max-live:malloc in a=1: 2 objects "
			    "alive at the end of scene[7] (limit 1), "
			    "max-live:malloc in a=10B: 11 B alive at the end "
			    "of scene[7] (limit 10 B); suppressed 0; exit 23");
	for (size_t i = 0; i < 2; i++) {
		const struct gate_worst *w = &g.worst[i];

		assert_int_equal(w->place_count, 2);
		assert_int_equal(w->places[0].amount.objects, 1);
		assert_int_equal(w->places[0].amount.bytes, 9);
		assert_int_equal(w->places[1].amount.bytes, 2);
	}
	assert_true(g.verdict.rules[g.verdict.rule_count - 2].unseen);
}

static void amounts_have_units(void **state)
{
	(void)state;
	assert_int_equal(gate_options_bytes("x", "0"), 0);
	assert_int_equal(gate_options_bytes("x", "64k"), 65536);
	assert_int_equal(gate_options_bytes("x", "1.5M"), 1572864);
	assert_int_equal(gate_options_bytes("x", "2GiB"), 2147483648);
	assert_int_equal(gate_options_bytes("x", "7B"), 7);
	assert_int_equal(gate_options_count("x", "10k"), 10000);
}

/* Each in a child, for a wrong option ends the process. */
static void refused(void (*parse)(const char *), const char *text)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(2);
		parse(text);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
		fail_msg("\"%s\" was taken", text);
}

static void parse_bytes(const char *text)
{
	gate_options_bytes("x", text);
}

static void parse_count(const char *text)
{
	gate_options_count("x", text);
}

static void parse_words(const char *text)
{
	gate_options_fail_on(&g.options, text);
}

static void parse_limit(const char *text)
{
	gate_options_limit(&g.options, "max-live", text, false);
}

static void what_is_no_amount_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",     "-1",  "+1",  " 1",    "1 ", "k",           "1kk",
		"0x10", "nan", "inf", "1e400", "1q", "99999999999T"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		refused(parse_bytes, wrong[i]);
	refused(parse_count, "5B");
	refused(parse_words, "");
	refused(parse_words, "leaks");
	refused(parse_words, "leak,");
	refused(parse_words, "new,any");
	refused(parse_limit, "Session");
	refused(parse_limit, "=1");
	refused(parse_limit, "Session=");
	refused(parse_limit, "Session=x");
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_found_is_green),
		TEST(leaks_and_cycles_fail),
		TEST(the_program_s_status_wins),
		TEST(a_failing_program_is_not_called_fine),
		TEST(kinds_that_are_not_asked_for_do_not_fail),
		TEST(kinds_that_do_not_fail_are_named),
		TEST(code_without_a_name_is_kept_by_its_build),
		TEST(callers_in_the_system_s_libraries_may_be_updated),
		TEST(possible_leaks_fail_when_asked_for),
		TEST(possible_leaks_are_no_findings_otherwise),
		TEST(what_was_not_checked_is_not_green),
		TEST(a_thread_that_did_not_stop_is_not_green),
		TEST(details_that_are_missing_are_green),
		TEST(no_recording_is_not_green),
		TEST(incomplete_is_green_where_that_is_allowed),
		TEST(a_process_replaced_by_exec_need_not_be_checked),
		TEST(a_forked_process_replaces_nobody),
		TEST(one_finding_of_two_processes_is_one),
		TEST(what_is_known_does_not_fail),
		TEST(what_has_grown_fails_when_asked_for),
		TEST(what_has_grown_is_known_otherwise),
		TEST(any_fails_for_what_is_known_too),
		TEST(leaks_within_their_limit_do_not_fail),
		TEST(leaks_beyond_their_limit_fail),
		TEST(a_peak_has_a_limit),
		TEST(a_limit_tells_of_the_process_that_had_most),
		TEST(a_type_has_a_limit),
		TEST(amounts_have_units),
		TEST(what_is_no_amount_is_refused),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
