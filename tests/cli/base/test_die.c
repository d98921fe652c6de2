/* SPDX-License-Identifier: MIT */
/* How the command line ends when it must. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "die.h"
#include "scratch.h"

static void die_with_control_characters(void)
{
	die(23, "bad %s: %d", "a\033[31m\nb", 5);
}

static void warn_and_go_on(void)
{
	warn("%d is odd", 7);
	_exit(4);
}

#ifndef __SANITIZE_ADDRESS__ /* it says itself what is too much */
static void ask_for_too_much(void)
{
	char *p = xmalloc(SIZE_MAX / 2);

	_exit(p ? 1 : 3);
}
#endif

/* Its exit status is `status` and all that it says is `text`. */
static void assert_ends(void (*f)(void), int status, const char *text)
{
	unsigned char *said;
	size_t size;
	int result;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (dup2(creat("stderr", 0600), STDERR_FILENO) < 0)
			_exit(99);
		f();
	}
	assert_int_equal(waitpid(pid, &result, 0), pid);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), status);
	said = bytes_read("stderr", &size);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(said, text, size);
	free(said);
}

static void die_says_one_escaped_line_and_exits(void **state)
{
	(void)state;
	assert_ends(die_with_control_characters, 23,
		    "refknot: bad a\\x1b[31m\\nb: 5\n");
}

static void warn_says_it_and_goes_on(void **state)
{
	(void)state;
	assert_ends(warn_and_go_on, 4, "refknot: 7 is odd\n");
}

#ifndef __SANITIZE_ADDRESS__
static void out_of_memory_ends_with_status_2(void **state)
{
	(void)state;
	assert_ends(ask_for_too_much, 2, "refknot: out of memory\n");
}
#endif

static void nothing_is_allocated_as_something(void **state)
{
	void *p = xmalloc(0), *q = xcalloc(0, 8);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	p = xreallocarray(p, 0, 8);
	assert_non_null(p);
	free(p);
	free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(die_says_one_escaped_line_and_exits),
		cmocka_unit_test(warn_says_it_and_goes_on),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(out_of_memory_ends_with_status_2),
#endif
		cmocka_unit_test(nothing_is_allocated_as_something),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
