/* SPDX-License-Identifier: MIT */
/* What recordings are called. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording_path.h"
#include "scratch.h"

static void assert_name(const char *program, const char *expected)
{
	char *name = recording_path_name(program, 42);

	assert_string_equal(name, expected);
	free(name);
}

static void assert_directory(const char *file, const char *expected)
{
	char *directory = recording_path_directory(file);

	assert_string_equal(directory, expected);
	free(directory);
}

static void it_is_program_and_process(void **state)
{
	(void)state;
	assert_name("/usr/bin/jq", "jq.42.rkn");
	assert_name("jq", "jq.42.rkn");
	assert_name("", "program.42.rkn");
	assert_name("/tmp/a\nb", "a_b.42.rkn");
	assert_name("/tmp/.hidden", "_hidden.42.rkn");
}

static void a_taken_name_gets_a_number(void **state)
{
	(void)state;
	scratch_write("ls.42.rkn", "");
	assert_name("/bin/ls", "ls.42.2.rkn");
	scratch_write("ls.42.2.rkn", "");
	assert_name("/bin/ls", "ls.42.3.rkn");
}

static void the_directory_is_that_of_the_file(void **state)
{
	(void)state;
	assert_directory(NULL, ".");
	assert_directory("x", ".");
	assert_directory("/x", "/");
	assert_directory("a/b/x", "a/b");
}

static void long_names_fit(void **state)
{
	char program[300];
	char *name;

	(void)state;
	memset(program, 'x', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	name = recording_path_name(program, UINT32_MAX);
	assert_true(strlen(name) < 255);
	scratch_write(name, "");
	free(name);
}

static void a_directory_that_takes_no_file_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(recording_path_check("."), 0);
	assert_int_equal(recording_path_check("no-such"), -ENOENT);
	scratch_write("file", "");
	assert_int_equal(recording_path_check("file"), -ENOTDIR);
	assert_int_equal(access(".refknot-XXXXXX", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_program_and_process),
		cmocka_unit_test(a_taken_name_gets_a_number),
		cmocka_unit_test(the_directory_is_that_of_the_file),
		cmocka_unit_test(long_names_fit),
		cmocka_unit_test(a_directory_that_takes_no_file_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
