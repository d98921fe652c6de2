/* SPDX-License-Identifier: MIT */
/* Processes of a run are found among few numbers or in all of /proc; threads have
 * numbers, too, and are none. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "processes.h"

#define PLACE "/no/such-directory"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *stay(void *data)
{
	pause();
	return data;
}

/* What the test executes itself as: a process with a thread. */
static int be_the_process(void)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pthread_create(&thread, NULL, stay, NULL) ||
	    write(STDOUT_FILENO, "x", 1) != 1)
		return 1;
	pause();
	return 0;
}

static pid_t start_process(void)
{
	char name[] = "processes", *arguments[] = { name, name, NULL };
	char variable[] = "REFKNOT_OUT=" PLACE,
	     *environment[] = { variable, NULL };
	char byte;
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		dup2(ready[1], STDOUT_FILENO);
		execve("/proc/self/exe", arguments, environment);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

struct seen {
	uint32_t pid;
	int calls;
};

static void note(uint32_t pid, void *data)
{
	struct seen *s = data;

	s->pid = pid;
	s->calls++;
}

static int count(struct processes_range range, pid_t pid)
{
	struct seen s = { 0 };

	processes_each(PLACE, range, note, &s);
	if (s.calls)
		assert_int_equal(s.pid, pid);
	return s.calls;
}

static void a_process_is_found_and_its_thread_is_not(void **state)
{
	pid_t pid = start_process();
	uint32_t n = (uint32_t)pid;

	(void)state;
	assert_int_equal(count(PROCESSES_ALL, pid), 1);
	assert_true(processes_any(PLACE));
	assert_false(processes_any("/no/such"));
	/* Few numbers, then many. */
	assert_int_equal(count((struct processes_range){ n, n + 9 }, pid), 1);
	assert_int_equal(count((struct processes_range){ n + 1, n + 9 }, pid),
			 0);
	assert_int_equal(count((struct processes_range){ n, n + 9999 }, pid),
			 1);
	assert_int_equal(
	    count((struct processes_range){ n + 1, n + 9999 }, pid), 0);
	/* Round the greatest one. */
	assert_int_equal(count((struct processes_range){ n, 1 }, pid), 1);
	assert_int_equal(count((struct processes_range){ n + 1, n }, pid), 1);
	assert_int_equal(count((struct processes_range){ n + 1, 1 }, pid), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(count(PROCESSES_ALL, pid), 0);
}

static bool is_all(struct processes_range r)
{
	return r.first == 0 && r.last == UINT32_MAX;
}

static void later_processes_have_later_numbers(void **state)
{
	uint64_t begun = now_ns();
	struct processes_range r;
	pid_t first = fork(), second;

	(void)state;
	if (!first)
		_exit(0);
	second = fork();
	if (!second)
		_exit(0);
	r = processes_since((uint32_t)first, begun);
	/* A machine may be so slow that it is not known any more. */
	if (!is_all(r)) {
		assert_int_equal(r.first, first);
		assert_true(second < first ? r.last < (uint32_t)first ||
						 r.last >= (uint32_t)second
					   : r.last >= (uint32_t)second ||
						 r.last < (uint32_t)first);
	}
	assert_int_equal(waitpid(first, NULL, 0), first);
	assert_int_equal(waitpid(second, NULL, 0), second);
}

static void what_may_have_begun_again_is_not_known(void **state)
{
	uint64_t now = now_ns();

	(void)state;
	assert_true(is_all(processes_since(0, now)));
	/* 4,194,304 numbers are the most that a kernel has. */
	assert_true(is_all(processes_since(1, now - 5000000000)));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_found_and_its_thread_is_not),
		cmocka_unit_test(later_processes_have_later_numbers),
		cmocka_unit_test(what_may_have_begun_again_is_not_known),
	};

	(void)argv;
	if (argc > 1)
		return be_the_process();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
