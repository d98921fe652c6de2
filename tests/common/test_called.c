/* SPDX-License-Identifier: MIT */
/* The name that a program was started by, and when it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "called.h"

#define DASH "/usr/bin/dash"

static void it_is_what_was_typed(void **state)
{
	(void)state;
	assert_string_equal(called_name("sh", DASH), "sh");
	assert_string_equal(called_name("/bin/sh", DASH), "sh");
	assert_string_equal(called_name("../bin/python3", "/x/python3.11"),
			    "python3");
	assert_string_equal(called_name("\xc3\xa4.out", "/a.out"),
			    "\xc3\xa4.out");
}

static void a_login_shell_has_no_dash(void **state)
{
	(void)state;
	assert_string_equal(called_name("-sh", DASH), "sh");
	assert_string_equal(called_name("/bin/--sh", DASH), "sh");
	assert_string_equal(called_name("-", DASH), "dash");
}

static void what_is_no_name_is_the_files(void **state)
{
	(void)state;
	assert_string_equal(called_name("", DASH), "dash");
	assert_string_equal(called_name("/", DASH), "dash");
	assert_string_equal(called_name("sh: worker 1", DASH), "dash");
	assert_string_equal(called_name("sh\n", DASH), "dash");
	assert_string_equal(called_name("s\x7fh", DASH), "dash");
	assert_string_equal(called_name("/proc/self/exe", DASH), "dash");
	assert_string_equal(called_name("/dev/fd/3", DASH), "dash");
	assert_string_equal(called_name("a b", "/bin/a b"), "a b");
	assert_string_equal(called_name("", ""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_was_typed),
		cmocka_unit_test(a_login_shell_has_no_dash),
		cmocka_unit_test(what_is_no_name_is_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
