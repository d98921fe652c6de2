/* SPDX-License-Identifier: MIT */
/* The program's end and its signals are as if nobody stood between. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "launch.h"
#include "scratch.h"

static int shell(const char *script)
{
	const char *arguments[] = { "sh", "-c", script, NULL };
	pid_t pid;
	int status;

	assert_int_equal(launch("/bin/sh", arguments, NULL, &pid, &status), 0);
	assert_true(pid > 0);
	return launch_exit_status(status);
}

static void the_exit_status_is_the_programs(void **state)
{
	(void)state;
	assert_int_equal(shell("exit 0"), 0);
	assert_int_equal(shell("exit 7"), 7);
	assert_int_equal(shell("kill -KILL $$"), 128 + SIGKILL);
}

static void what_cannot_be_executed_is_an_error(void **state)
{
	const char *arguments[] = { "x", NULL };
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(launch("/no/such", arguments, NULL, &pid, &status),
			 -ENOENT);
	assert_int_equal(launch("/", arguments, NULL, &pid, &status), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* No shell between: shells have their own mind about some signals. */
static unsigned long long child_signals(const char *field)
{
	const char *arguments[] = { "cp", "/proc/self/status", "status", NULL };
	unsigned long long set = 0;
	char line[256];
	bool found = false;
	int status;
	pid_t pid;
	FILE *f;

	assert_int_equal(launch("/bin/cp", arguments, NULL, &pid, &status), 0);
	assert_int_equal(status, 0);
	f = fopen("status", "r");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, field, strlen(field)) &&
			sscanf(line, "%*s %llx", &set) == 1;
	fclose(f);
	assert_true(found);
	return set;
}

static void ignored_signals_stay_as_the_caller_had_them(void **state)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM,
				       SIGHUP, SIGCHLD, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		unsigned long long bit = 1ull << (signals[i] - 1);

		signal(signals[i], SIG_DFL);
		assert_int_equal(child_signals("SigIgn") & bit, 0);
		signal(signals[i], SIG_IGN);
		assert_int_equal(child_signals("SigIgn") & bit, bit);
		assert_ptr_equal(signal(signals[i], SIG_DFL), SIG_IGN);
	}
}

static void signals_sent_to_us_reach_the_program(void **state)
{
	(void)state;
	/* The shell tells its parent that it is ready, by the signal itself. */
	assert_int_equal(shell("trap 'exit 3' TERM; kill -TERM $PPID; "
			       "while :; do sleep 1; done"),
			 3);
	assert_int_equal(shell("trap 'exit 4' USR1; kill -USR1 $PPID; "
			       "while :; do sleep 1; done"),
			 4);
	assert_int_equal(shell("trap 'exit 5' INT; kill -INT $PPID; "
			       "while :; do sleep 1; done"),
			 5);
	assert_int_equal(shell("trap 'exit 6' QUIT; kill -QUIT $PPID; "
			       "while :; do sleep 1; done"),
			 6);
}

static void what_the_program_ignores_ends_nobody(void **state)
{
	(void)state;
	assert_int_equal(shell("trap '' INT QUIT; kill -INT $PPID; "
			       "kill -QUIT $PPID; exit 5"),
			 5);
}

/* A shell cannot trap what was ignored when it began. */
static const char handles[] =
    "$SIG{$ARGV[0]} = sub { exit 8 }; kill $ARGV[0], getppid; sleep 1 while 1";

static void also_those_that_the_caller_ignores(void **state)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGHUP, SIGUSR1 };
	static const char *const names[] = { "INT", "QUIT", "HUP", "USR1" };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const char *arguments[] = { "perl", "-e", handles, names[i],
					    NULL };
		int status;
		pid_t pid;

		signal(signals[i], SIG_IGN);
		assert_int_equal(
		    launch("/usr/bin/perl", arguments, NULL, &pid, &status), 0);
		assert_ptr_equal(signal(signals[i], SIG_DFL), SIG_IGN);
		assert_int_equal(launch_exit_status(status), 8);
	}
}

static void the_mask_stays_as_the_caller_had_it(void **state)
{
	sigset_t set, old;

	(void)state;
	assert_int_equal(child_signals("SigBlk"), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(child_signals("SigBlk"), 1 << (SIGUSR2 - 1));
	sigprocmask(SIG_UNBLOCK, &set, &old);
	assert_true(sigismember(&old, SIGUSR2));
	assert_false(sigismember(&old, SIGTERM));
}

struct seen {
	int calls;
	pid_t pid;
	bool running, ended;
};

static void note(int ended, pid_t pid, void *data)
{
	struct pollfd p = { .fd = ended, .events = POLLIN };
	struct seen *s = data;

	s->calls++;
	s->pid = pid;
	s->running = ended >= 0 && poll(&p, 1, 0) == 0;
	kill(pid, SIGUSR1);
	s->ended = ended >= 0 && poll(&p, 1, 10000) == 1;
}

static void something_is_done_while_the_program_runs(void **state)
{
	const char *arguments[] = { "sleep", "9", NULL };
	const char *none[] = { "x", NULL };
	struct seen s = { 0 };
	const struct launch_meanwhile m = { note, &s };
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(launch("/bin/sleep", arguments, &m, &pid, &status), 0);
	assert_int_equal(s.calls, 1);
	assert_int_equal(s.pid, pid);
	assert_true(s.running);
	assert_true(s.ended);
	assert_int_equal(launch_exit_status(status), 128 + SIGUSR1);
	assert_int_equal(launch("/no/such", none, &m, &pid, &status), -ENOENT);
	assert_int_equal(s.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_is_the_programs),
		cmocka_unit_test(what_cannot_be_executed_is_an_error),
		cmocka_unit_test(ignored_signals_stay_as_the_caller_had_them),
		cmocka_unit_test(signals_sent_to_us_reach_the_program),
		cmocka_unit_test(what_the_program_ignores_ends_nobody),
		cmocka_unit_test(also_those_that_the_caller_ignores),
		cmocka_unit_test(the_mask_stays_as_the_caller_had_it),
		cmocka_unit_test(something_is_done_while_the_program_runs),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
