/* SPDX-License-Identifier: MIT */
/* What is left when a signal asks for the end. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "interrupt.h"
#include "scratch.h"

static void make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* How a process ends that runs `f` and then gets the signal. */
static int end_of(void (*f)(void), int number)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		f();
		raise(number);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void write_files(void)
{
	static const char one[] = "one", two[] = "two", three[] = "three";

	interrupt_watch();
	interrupt_remove(one);
	make(one);
	interrupt_remove(two);
	make(two);
	interrupt_keep(two);
	interrupt_remove(three);
	make(three);
}

static void what_is_half_written_is_removed(void **state)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		int status = end_of(write_files, numbers[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), numbers[i]);
		assert_int_equal(access("one", F_OK), -1);
		assert_int_equal(access("two", F_OK), 0);
		assert_int_equal(access("three", F_OK), -1);
		unlink("two");
	}
}

static void first(void)
{
	make("first");
}

static void last(void)
{
	if (!access("first", F_OK))
		unlink("first");
	else
		make("last");
}

static void call_two(void)
{
	interrupt_watch();
	interrupt_call(first);
	interrupt_call(last);
}

static void the_last_call_comes_first(void **state)
{
	(void)state;
	assert_true(WIFSIGNALED(end_of(call_two, SIGINT)));
	assert_int_equal(access("first", F_OK), 0);
	assert_int_equal(access("last", F_OK), 0);
	unlink("first");
	unlink("last");
}

static void ignore(void)
{
	signal(SIGINT, SIG_IGN);
	interrupt_watch();
}

static void what_is_ignored_stays_so(void **state)
{
	int status = end_of(ignore, SIGINT);

	(void)state;
	assert_true(WIFEXITED(status));
}

static void more_than_there_is_room_for(void)
{
	static char names[2 * INTERRUPT_FILES][2];

	interrupt_watch();
	for (size_t i = 0; i < 2 * INTERRUPT_FILES; i++) {
		names[i][0] = (char)('a' + i);
		interrupt_remove(names[i]);
		make(names[i]);
	}
}

static void more_files_are_left(void **state)
{
	char name[2] = "a";

	(void)state;
	assert_true(WIFSIGNALED(end_of(more_than_there_is_room_for, SIGINT)));
	for (size_t i = 0; i < 2 * INTERRUPT_FILES; i++, name[0]++)
		assert_int_equal(unlink(name), i < INTERRUPT_FILES ? -1 : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_half_written_is_removed),
		cmocka_unit_test(the_last_call_comes_first),
		cmocka_unit_test(what_is_ignored_stays_so),
		cmocka_unit_test(more_files_are_left),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
