/* SPDX-License-Identifier: MIT */
/*
 * Shells that the C library begins, and this program, under a limit:
 * RESOURCE VALUE.
 */
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"

static void by_popen(void)
{
	char line[99] = "";
	FILE *f = popen("echo here", "r");

	if (!f) {
		printf("popen: %d\n", errno);
		return;
	}
	fgets(line, sizeof(line), f);
	printf("popen: %s %x\n", line, pclose(f));
}

static void by_spawn(void)
{
	char sh[] = "sh", option[] = "-c", script[] = "exit 4";
	char *list[] = { sh, option, script, NULL };
	int status = -1, error;
	pid_t pid;

	error = posix_spawn(&pid, "/bin/sh", NULL, NULL, list, environ);
	if (!error)
		waitpid(pid, &status, 0);
	printf("spawned: %d %x\n", error, status);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	char **variables = environ;

	CHECK(argc == 3);
	getrlimit(atoi(argv[1]), &limit);
	limit.rlim_cur = (rlim_t)atol(argv[2]);
	printf("set: %d\n", setrlimit(atoi(argv[1]), &limit));
	printf("system: %x\n", system("exit 3"));
	by_popen();
	by_spawn();
	CHECK(environ == variables);
	fflush(stdout);
	execl("/bin/sh", "sh", "-c", "echo executed", NULL);
	return 1;
}
