/* SPDX-License-Identifier: MIT */
/* Patterns of programs, beside fnmatch(), whose answers theirs must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fnmatch.h>
#include <string.h>

#include "patterns.h"

#define RANDOM 400000
#define MOST   10

static bool is_plain(const char *pattern)
{
	return patterns_are_plain(pattern, pattern + strlen(pattern));
}

static bool match(const char *pattern, const char *text)
{
	assert_true(is_plain(pattern));
	return patterns_match(pattern, pattern + strlen(pattern), text);
}

static void what_few_write_is_left_to_fnmatch(void **state)
{
	static const char *const others[] = {
		"a\\",         "[a",      "[",      "[]",        "[!]",
		"[[:alpha:]]", "[[=a=]]", "[a\\]]", "x[[.a.]]y", "\\\\\\"
	};
	static const char *const plain[] = { "",      "*",      "a?b", "[]]",
					     "[!]]",  "[a-z]*", "\\[", "\\\\",
					     "a\\,b", "[^-]" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(is_plain(others[i]));
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		assert_true(is_plain(plain[i]));
}

static void they_are_as_people_expect(void **state)
{
	(void)state;
	assert_true(match("test_*", "test_"));
	assert_true(match("test_*", "test_a/b"));
	assert_false(match("test_*", "atest_"));
	assert_true(match("*/app", "/opt/x/app"));
	assert_false(match("*/app", "app"));
	assert_true(match("*a*b*c", "xxaxxbxbxcxc"));
	assert_false(match("*a*b*c", "xxaxxbxbxcxd"));
	assert_true(match("cc?", "cc1"));
	assert_false(match("cc?", "cc"));
	assert_true(match("[a-c]x", "bx"));
	assert_false(match("[!a-c]x", "bx"));
	assert_true(match("\\*", "*"));
	assert_false(match("\\*", "a"));
	assert_true(match("", ""));
	assert_false(match("", "a"));
}

static uint64_t seed = 1;
static unsigned next(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void make(char *text, const char *letters)
{
	size_t size = next(MOST), count = strlen(letters);

	for (size_t i = 0; i < size; i++)
		text[i] = letters[next((unsigned)count)];
	text[size] = '\0';
}

/* Few letters, so that many match, bytes beyond ASCII, and all that means
 * something. */
static void they_match_what_fnmatch_does(void **state)
{
	unsigned plain = 0, matched = 0;

	(void)state;
	for (unsigned i = 0; i < RANDOM; i++) {
		char pattern[MOST], text[MOST];

		make(pattern, "aabbc/**?[]-!^\\\xc3\xa4.,");
		make(text, "aabbcd/-]\xc3\xa4.[\\");
		if (!is_plain(pattern))
			continue;
		plain++;
		matched += match(pattern, text);
		if (match(pattern, text) != !fnmatch(pattern, text, 0))
			fail_msg("'%s' and '%s'", pattern, text);
	}
	assert_true(plain > RANDOM / 4);
	assert_true(matched > RANDOM / 200);
}

static void lists_say_what_is_left_out(void **state)
{
	(void)state;
	assert_false(
	    patterns_leave_out("x.sh", NULL, "/bin/dash", "sh", "x.sh"));
	assert_false(patterns_leave_out("sh", NULL, "/bin/dash", "sh", "x.sh"));
	assert_true(
	    patterns_leave_out(NULL, "*.sh", "/bin/dash", "sh", "x.sh"));
	assert_false(patterns_leave_out(NULL, "*.sh", "/bin/dash", "sh", NULL));
	assert_false(patterns_leave_out(NULL, NULL, "/bin/dash", "sh", NULL));
	assert_true(
	    patterns_leave_out("test_*", NULL, "/bin/dash", "sh", NULL));
	assert_false(patterns_leave_out("x,sh", NULL, "/bin/dash", "sh", NULL));
	assert_false(
	    patterns_leave_out("dash,x", NULL, "/bin/dash", "sh", NULL));
	assert_true(patterns_leave_out(NULL, "x,sh", "/bin/dash", "sh", NULL));
	assert_true(
	    patterns_leave_out(NULL, "/bin/*", "/bin/dash", "sh", NULL));
	/* With a slash it is of the path only. */
	assert_false(patterns_leave_out(NULL, "*/sh", "/bin/dash", "sh", NULL));
	assert_true(patterns_leave_out("*", "d?sh", "/bin/dash", "sh", NULL));
	assert_false(patterns_leave_out("*", "d?s", "/bin/dash", "sh", NULL));
	/* A comma of its own. */
	assert_true(
	    patterns_leave_out(NULL, "/a\\,b/*,c", "/a,b/x", "x", NULL));
	assert_false(
	    patterns_leave_out(NULL, "/a\\,b/*,c", "/a/x", "b/x", NULL));
}

/* What is not known for certain is recorded. */
static void what_is_not_plain_leaves_nothing_out(void **state)
{
	(void)state;
	assert_false(
	    patterns_leave_out("x,[[:alpha:]]", NULL, "/bin/d", "d", NULL));
	assert_false(
	    patterns_leave_out(NULL, "[[:alpha:]]", "/bin/d", "d", NULL));
	assert_true(
	    patterns_leave_out(NULL, "[[:alpha:]],d", "/bin/d", "d", NULL));
	assert_false(patterns_leave_out("a\\", NULL, "/bin/d", "d", NULL));
	assert_false(patterns_leave_out(NULL, "[", "/bin/[", "[", NULL));
	assert_false(patterns_leave_out(NULL, "", "/bin/d", "d", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_few_write_is_left_to_fnmatch),
		cmocka_unit_test(they_are_as_people_expect),
		cmocka_unit_test(they_match_what_fnmatch_does),
		cmocka_unit_test(lists_say_what_is_left_out),
		cmocka_unit_test(what_is_not_plain_leaves_nothing_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
