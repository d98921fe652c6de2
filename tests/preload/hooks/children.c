/* SPDX-License-Identifier: MIT */
/*
 * Loses 100 bytes and starts a child in the way that argument 1 names, which
 * loses 200 or runs argument 2; waits for it and ends with its status.
 */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"

static void *inherited;

static NOINLINE int child(void)
{
	lose(200);
	free(inherited);
	scrub();
	exit(4);
}

static pid_t start(const char *how, char **program)
{
	pid_t pid = -1;

	if (!strcmp(how, "spawn"))
		return posix_spawnp(&pid, *program, NULL, NULL, program,
				    environ)
			   ? -1
			   : pid;
	if (!strcmp(how, "vfork"))
		pid = vfork();
	else if (!strcmp(how, "clone"))
		pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	else
		pid = fork();
	if (pid == 0) {
		if (!*program)
			child();
		execvp(*program, program);
		_exit(127);
	}
	return pid;
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	(void)argc;
	inherited = malloc(50);
	lose(100);
	pid = start(argv[1], argv + 2);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	free(inherited);
	scrub();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
