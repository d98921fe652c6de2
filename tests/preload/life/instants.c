/* SPDX-License-Identifier: MIT */
/*
 * instants SIGNAL exec|term|fork FIRST STEP PROGRAM [ARGUMENTS]: run PROGRAM again
 * and again, and send it SIGNAL at its n-th stop at a system call, where n is FIRST,
 * FIRST + STEP, ... until it ends before that: counted from its execution, from
 * a SIGTERM that it gets in pause(), or in a forked child from its beginning. So all
 * instants are tried, and none of them by chance. Prints how many it were, and how
 * many of them ended by each signal.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum from { EXEC, TERM, FORK };

static char **program;

static void be_child(enum from from)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	if (from == FORK) {
		raise(SIGSTOP);
		free(malloc(100));
		_exit(0);
	}
	execv(program[0], program);
	_exit(127);
}

static long call_of(pid_t pid)
{
	struct user_regs_struct r;

	return ptrace(PTRACE_GETREGS, pid, 0, &r) ? -1 : (long)r.orig_rax;
}

/* To the next stop at a system call; false: it is gone, with that status. */
static int step(pid_t pid, int *status)
{
	int signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, signal))
			return 0;
		if (waitpid(pid, status, __WALL) != pid)
			return 0;
		if (!WIFSTOPPED(*status))
			return 0;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			return 1;
		/* Stops of ptrace's own are no signals of anybody. */
		signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
	}
}

static int come_to_pause(pid_t pid, int *status)
{
	while (step(pid, status))
		if (call_of(pid) == SYS_pause)
			return 1;
	return 0;
}

/* The signal that ended it; 0: it had ended before. */
static int try(enum from from, int signal, long n)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		be_child(from);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		exit(1);
	ptrace(PTRACE_SETOPTIONS, pid, 0,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	if (from == TERM) {
		if (!come_to_pause(pid, &status))
			exit(2);
		kill(pid, SIGTERM);
	}
	while (n-- > 0)
		if (!step(pid, &status))
			return 0;
	kill(pid, signal);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	if (waitpid(pid, &status, 0) != pid)
		exit(3);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

int main(int argc, char **argv)
{
	enum from from = argc > 2 && !strcmp(argv[2], "term")   ? TERM
			 : argc > 2 && !strcmp(argv[2], "fork") ? FORK
								: EXEC;
	int counts[65] = { 0 }, ended;
	long n, instants = 0;

	if (argc < 5)
		return 4;
	program = argv + 5;
	for (n = atol(argv[3]); (ended = try(from, atoi(argv[1]), n));
	     n += atol(argv[4])) {
		instants++;
		counts[ended > 0 ? ended : 0]++;
	}
	printf("%ld instants", instants);
	for (int i = 0; i <= 64; i++)
		if (counts[i])
			printf(", %d by %d", counts[i], i);
	puts("");
	return 0;
}
