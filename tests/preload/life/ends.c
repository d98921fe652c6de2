/* SPDX-License-Identifier: MIT */
/*
 * Processes in exit(0) get a signal whose handler calls _exit(3); prints how
 * they ended. By argument 1, and so many of them as argument 2 says:
 * steps: after each number of instructions of refknot's, or of exit(): traced,
 *        so that no clock decides;
 * race:  from a second thread, about when the first calls exit().
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 12000  /* looks for the end of a process that may hang */
#define FAR      200000 /* instructions */
#define SPINS    40000  /* of a second thread, at most */

static void handler(int number)
{
	(void)number;
	_exit(3);
}

static __attribute__((noinline)) void lose(void)
{
	volatile char *p = malloc(100);

	p[0] = 1;
}

static int be_traced(void)
{
	signal(SIGALRM, handler);
	lose();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	exit(0);
}

static pthread_t first;
static volatile int running;

static void *signal_first(void *spins)
{
	running = 1;
	for (volatile long i = (long)spins; i; i--)
		;
	pthread_kill(first, SIGALRM);
	return NULL;
}

static int be_raced(long spins)
{
	pthread_t other;

	signal(SIGALRM, handler);
	lose();
	first = pthread_self();
	pthread_create(&other, NULL, signal_first, (void *)spins);
	while (!running)
		;
	exit(0);
}

static pid_t start(char *self, char *how, int argument)
{
	char text[16], *argv[] = { self, how, text, NULL };
	pid_t pid;

	snprintf(text, sizeof(text), "%d", argument);
	pid = fork();
	if (!pid) {
		execv(self, argv);
		_exit(1);
	}
	return pid;
}

/* Where refknot's code is; *end 0: nowhere. */
static void find_code(pid_t pid, unsigned long *start, unsigned long *end)
{
	char path[64], line[4096];
	FILE *f;

	*start = *end = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "librefknot_preload.so") &&
		    strstr(line, " r-xp "))
			sscanf(line, "%lx-%lx", start, end);
	if (f)
		fclose(f);
}

static int step(pid_t pid)
{
	int status;

	return !ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) &&
	       waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

static int is_there(pid_t pid, unsigned long start, unsigned long end)
{
	struct user_regs_struct r;

	return !ptrace(PTRACE_GETREGS, pid, NULL, &r) && r.rip >= start &&
	       r.rip < end;
}

/* To the next instruction between these addresses. */
static int step_to(pid_t pid, unsigned long start, unsigned long end)
{
	for (int i = 0; i < FAR; i++) {
		if (!step(pid))
			return 0;
		if (is_there(pid, start, end))
			return 1;
	}
	return 0;
}

/* Its status; -1: it hangs. */
static int wait_patiently(pid_t pid)
{
	const struct timespec moment = { 0, 5000000 };
	int status;

	for (int i = 0; i < PATIENCE; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&moment, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* How a process ends that is signalled after so many instructions; below 0: it
 * did not. */
static int try_step(char *self, int steps)
{
	char how[] = "traced";
	unsigned long from, to;
	pid_t pid = start(self, how, 0);

	if (waitpid(pid, NULL, 0) != pid)
		return -3;
	find_code(pid, &from, &to);
	for (int i = 0; i < steps; i++)
		if (!(to ? step_to(pid, from, to) : step(pid)))
			return -2;
	ptrace(PTRACE_DETACH, pid, NULL, SIGALRM);
	return wait_patiently(pid);
}

static int try_race(char *self, int number)
{
	char how[] = "raced";
	int status =
	    wait_patiently(start(self, how, (int)(number * 7919l % SPINS)));

	return status == 0 ? 3 << 8 : status;
}

int main(int argc, char **argv)
{
	int argument = argc > 2 ? atoi(argv[2]) : 0, as_told = 0;
	int (*try)(char *, int) = strcmp(argv[1], "race") ? try_step : try_race;

	if (!strcmp(argv[1], "traced"))
		return be_traced();
	if (!strcmp(argv[1], "raced"))
		return be_raced(argument);
	for (int i = 0; i < argument; i++) {
		int status = try(argv[0], i);

		if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
			as_told++;
		else
			printf("%d: %x\n", i, status);
	}
	printf("%d ended as they should\n", as_told);
	return 0;
}
