/* SPDX-License-Identifier: MIT */
/*
 * Argument 2 children by the way that argument 1 names, while 4 threads
 * allocate and free all the time; every child must end as it should.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4

static atomic_int over;

static void *churn(void *unused)
{
	void *blocks[64] = { NULL };
	unsigned n = (unsigned)(uintptr_t)&blocks >> 12;

	while (!atomic_load(&over)) {
		n = n * 1103515245 + 12345;
		free(blocks[n >> 20 & 63]);
		blocks[n >> 20 & 63] = malloc(n >> 16 & 1023);
		if (!(n >> 24 & 15))
			blocks[3] = realloc(blocks[3], n >> 14 & 8191);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	return unused;
}

/* What a child of a threaded process may do, by glibc's own promise. */
static void child(void)
{
	void *p = malloc(1000);

	p = realloc(p, 5000);
	free(p);
	_exit(7);
}

static int cloned(void *unused)
{
	(void)unused;
	free(malloc(100));
	return 7;
}

static pid_t start(const char *how, char *self)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	char end[] = "end";
	char *argv[] = { self, end, NULL };
	pid_t pid = -1;

	if (!strcmp(how, "fork")) {
		pid = fork();
		if (!pid)
			child();
	} else if (!strcmp(how, "silent")) {
		pid = fork();
		if (!pid)
			_exit(7);
	} else if (!strcmp(how, "vfork")) {
		pid = vfork();
		if (!pid) {
			execve(self, argv, environ);
			_exit(1);
		}
	} else if (!strcmp(how, "vforkends")) {
		pid = vfork();
		if (!pid)
			_exit(7);
	} else if (!strcmp(how, "spawn")) {
		posix_spawn(&pid, self, NULL, NULL, argv, environ);
	} else if (!strcmp(how, "clone")) {
		pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			_exit(7);
	} else if (!strcmp(how, "shared")) { /* the memory is ours */
		pid = clone(cloned, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	} else if (!strcmp(how, "daemon")) {
		pid = fork();
		if (!pid) {
			setsid();
			if (fork())
				_exit(7);
			closefrom(0);
			chdir("/");
			child();
		}
	}
	return pid;
}

int main(int argc, char **argv)
{
	pthread_t t[THREADS];
	int wrong = 0;

	if (argc == 2)
		return 7;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, churn, NULL);
	for (int i = 0; i < atoi(argv[2]); i++) {
		int status = -1;
		pid_t pid = start(argv[1], argv[0]);

		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFEXITED(status) || WEXITSTATUS(status) != 7)
			wrong++;
	}
	atomic_store(&over, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("%d wrong\n", wrong);
	return 0;
}
