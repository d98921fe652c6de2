/* SPDX-License-Identifier: MIT */
/*
 * Processes that share memory with others, or begin otherwise than one thinks,
 * as argument 1 says; argument 2: how, or how often.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scrub.h"

#define STACK   (1u << 20)
#define CONTROL 32768 /* bytes on either side of a thread pointer */

static volatile int stop;

static NOINLINE void lose(void)
{
	for (int i = 0; i < 5; i++) {
		char *volatile p = malloc((size_t)1000 + (size_t)i);

		if (p)
			p[0] = 1;
		p = NULL;
	}
}

static void churn(int times)
{
	for (int i = 0; i < times; i++)
		free(malloc(24 + (size_t)i % 100));
}

static void *memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("%#x\n", status);
	return status != 0;
}

/* An argument leads to memory that is gone when the program forks. */
static int change_arguments(char **argv, int which)
{
	char *title = memory(4096);
	pid_t pid;

	strcpy(title, "title");
	argv[which] = title;
	munmap(title, 4096);
	pid = fork();
	if (!pid) {
		lose();
		scrub();
		return 0;
	}
	return wait_for(pid);
}

static pid_t start(const char *how)
{
	if (!strcmp(how, "raw"))
		return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	return fork();
}

/* In a forked child its vfork child is the first to allocate. */
static int allocate_first(const char *how)
{
	pid_t pid = start(how);

	if (!pid) {
		pid_t child = vfork();

		if (!child) {
			churn(1);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		lose();
		scrub();
		return 0;
	}
	return wait_for(pid);
}

static void *work(void *unused)
{
	churn(3000);
	return unused;
}

static void come_and_go(int times)
{
	for (int i = 0; i < times; i++) {
		pthread_t threads[4];

		for (int k = 0; k < 4; k++)
			pthread_create(&threads[k], NULL, work, NULL);
		for (int k = 0; k < 4; k++)
			pthread_join(threads[k], NULL);
	}
}

/* The thread's first allocation is its vfork child's; then it goes on. */
static void *work_behind(void *unused)
{
	pid_t child = vfork();

	if (!child) {
		churn(1);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	while (!stop)
		churn(100);
	return unused;
}

static int thread_shares(int times)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work_behind, NULL);
	come_and_go(times);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* Until it is told, or alone. */
static int work_beside(void *parent)
{
	while (!stop && getppid() == *(pid_t *)parent)
		churn(100);
	_exit(0);
}

/* A thread's control block as the C library makes them. */
static char *control_block(void)
{
	void *(*allocate)(void *) = (void *(*)(void *))(uintptr_t)dlsym(
	    RTLD_DEFAULT, "_dl_allocate_tls");
	char *block = memory(2 * CONTROL);

	if (!allocate || !block)
		return NULL;
	block += CONTROL;
	*(void **)block = *(void **)(block + 16) = block;
	memcpy(block + 0x28, (char *)pthread_self() + 0x28, 16);
	return allocate(block) ? block : NULL;
}

/* It has thread-local memory of its own. */
static pid_t process_shares(pid_t *self)
{
	char *stack = memory(STACK), *block = control_block();

	*self = getpid();
	if (!stack || !block)
		return -1;
	return clone(work_beside, stack + STACK - 64,
		     CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			 CLONE_SETTLS | SIGCHLD,
		     self, NULL, block, NULL);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int times = argc > 2 ? atoi(argv[2]) : 0;
	static pid_t self, pid;

	if (!strcmp(how, "argv"))
		return change_arguments(argv, times);
	if (!strcmp(how, "first") && argc > 2)
		return allocate_first(argv[2]);
	if (!strcmp(how, "thread"))
		return thread_shares(times);
	pid = process_shares(&self);
	if (pid < 0)
		return 77;
	come_and_go(times ? times : 10);
	if (!times) /* it stays */
		return 0;
	stop = 1;
	return wait_for(pid);
}
