/* SPDX-License-Identifier: MIT */
/*
 * The first process of a pid namespace, which is spared signals whose default
 * action would end it, gets one as argument 1 says; tells how that went.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filters.h"
#include "hooks.h"
#include "waits.h"

static struct sock_filter trapping[] = {
	NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 0, 1),
	END(SECCOMP_RET_TRAP), END(SECCOMP_RET_ALLOW)
};

/* A child of its own sends one while it waits, and it waits on. */
static void be_signalled(int number)
{
	int status = -1;
	pid_t child = fork();
	long parent; /* as /proc has it, which is of the namespace outside */

	if (!child) {
		state_of("self", &parent);
		wait_for_state(parent, 'S');
		kill(1, number);
		wait_for_state(parent, 'S');
		_exit(3);
	}
	if (waitpid(child, &status, 0) < 0)
		perror("waitpid");
	printf("waited %x\n", status);
}

static void get(const char *how)
{
	if (!strcmp(how, "trap"))
		__asm__ volatile("int3");
	if (!strcmp(how, "long"))
		__asm__ volatile(".byte 0xcd, 3");
	if (!strcmp(how, "debug"))
		__asm__ volatile(".byte 0xf1");
	if (!strcmp(how, "filter") && !INSTALL(trapping))
		syscall(SYS_getuid);
	if (!strcmp(how, "null"))
		*(volatile char *)8 = 1;
	if (!strcmp(how, "raise"))
		raise(SIGTRAP);
	if (!strcmp(how, "self"))
		kill(1, SIGSYS);
	if (!strcmp(how, "term"))
		be_signalled(SIGTERM);
	puts("goes on");
	fflush(stdout);
	_exit(7);
}

int main(int argc, char **argv)
{
	int status = -1;
	pid_t child;

	(void)argc;
	lose(100);
	scrub();
	puts("begin"); /* the child allocates nothing more */
	fflush(stdout);
	if (unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID)) {
		puts("no namespace");
		return 0;
	}
	child = fork();
	if (!child)
		get(argv[1]);
	waitpid(child, &status, 0);
	printf("child %x\n", status & ~0x80);
	return 0;
}
