/* SPDX-License-Identifier: MIT */
/* The name that a program was started by, and when it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static void a_script_is_known_by_its_place_in_the_arguments(void **state)
{
	char sh[] = "/bin/sh", e[] = "-e", path[] = "./a/run.sh", more[] = "x";
	char *plain[] = { sh, path, more, NULL };
	char *with_option[] = { sh, e, path, more, NULL };
	char *late[] = { sh, e, more, path, NULL };
	char *itself[] = { path, path, NULL };
	char *none[] = { NULL };

	(void)state;
	assert_string_equal(called_script("./a/run.sh", plain), "run.sh");
	assert_string_equal(called_script("./a/run.sh", with_option), "run.sh");
	assert_null(called_script("./a/run.sh", late));
	assert_null(called_script("./a/run.sh", itself));
	assert_null(called_script("/bin/sh", plain));
	assert_null(called_script("", plain));
	assert_null(called_script("./a/run.sh", none));
	plain[1] = more;
	strcpy(more, "");
	assert_null(called_script("", plain));
}

static void a_descriptor_is_no_script(void **state)
{
	char sh[] = "/bin/sh", path[] = "/dev/fd/3";
	char *arguments[] = { sh, path, NULL };

	(void)state;
	assert_null(called_script("/dev/fd/3", arguments));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_was_typed),
		cmocka_unit_test(a_login_shell_has_no_dash),
		cmocka_unit_test(what_is_no_name_is_the_files),
		cmocka_unit_test(
		    a_script_is_known_by_its_place_in_the_arguments),
		cmocka_unit_test(a_descriptor_is_no_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
