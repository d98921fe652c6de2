/* SPDX-License-Identifier: MIT */
/*
 * A vfork child, whose memory is its parent's, changes what is its own by the
 * way that argument 1 names; prints what it and then the parent are told.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"

static struct sock_filter few[] = { FEW, END(SECCOMP_RET_KILL_PROCESS) };
static struct sock_filter nobody[] = { WITHOUT(SYS_getpid, 0, BPF_JGE, 0) };

static void handler(int number)
{
	(void)number;
}

static void tell(const char *who)
{
	struct sigaction a;
	struct rlimit l;

	memset(&a, 0x55, sizeof(a));
	sigaction(SIGTERM, NULL, &a);
	getrlimit(RLIMIT_AS, &l);
	dprintf(1, "%s: %s, flags %x, mask %lx, %s; limit %lx %lx\n", who,
		a.sa_handler == SIG_DFL   ? "default"
		: a.sa_handler == handler ? "handler"
					  : "SOMETHING ELSE",
		(unsigned)a.sa_flags, *(unsigned long *)&a.sa_mask,
		a.sa_restorer ? "returns" : "nowhere", l.rlim_cur, l.rlim_max);
}

static void set(void (*f)(int))
{
	struct sigaction a = { .sa_flags = SA_NODEFER | SA_RESTART };

	a.sa_handler = f;
	sigaddset(&a.sa_mask, SIGINT);
	sigaction(SIGTERM, &a, NULL);
}

static void change(const char *how)
{
	struct rlimit l = { 1ul << 36, RLIM_INFINITY };

	if (!strcmp(how, "default"))
		set(SIG_DFL);
	else if (!strcmp(how, "handler"))
		set(handler);
	else if (!strcmp(how, "signal"))
		signal(SIGTERM, SIG_DFL);
	else if (!strcmp(how, "limit"))
		setrlimit(RLIMIT_AS, &l);
	else if (!strcmp(how, "die"))
		kill(getpid(), SIGTERM);
}

/* It cannot tell any more, and its end is not its parent's. */
static void confine(const char *how)
{
	struct sock_filter *filter = how[0] == 'f' ? few : nobody;
	size_t count = how[0] == 'f' ? sizeof(few) / sizeof(*few)
				     : sizeof(nobody) / sizeof(*nobody);

	if (install(filter, count))
		_exit(9);
	free(malloc(3000000));
	free(malloc(100));
	if (!strcmp(how, "nobody dies"))
		*(volatile char *)8 = 1;
	if (!strcmp(how, "nobody forks"))
		_exit(fork() ? 6 : 0);
	_exit(5);
}

/* What malloc leaves on the stack leads to the end of the last block. */
static void *last;

static __attribute__((noinline)) void lose(void)
{
	volatile char *p = malloc(100);

	p[0] = 1;
	last = malloc(1000);
}

int main(int argc, char **argv)
{
	int status = -1;
	pid_t pid;

	(void)argc;
	lose();
	tell("before");
	pid = vfork();
	if (!pid) {
		if (argv[1][0] == 'f' || argv[1][0] == 'n')
			confine(argv[1]);
		change(argv[1]);
		tell("child");
		_exit(7);
	}
	waitpid(pid, &status, 0);
	dprintf(1, "status %x\n", status);
	tell("after");
	if (!strcmp(argv[1], "die"))
		kill(getpid(), SIGTERM);
	return 0;
}
