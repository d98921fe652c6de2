/* SPDX-License-Identifier: MIT */
/* Frees of what is no live block, one a mode; see test_strays.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone, noipa, unused))

static char variable[64];
static void *volatile kept;

static NOINLINE void *make(size_t size)
{
	kept = malloc(size);
	return kept;
}

static NOINLINE void first(void *p)
{
	free(p);
	__asm__ volatile("");
}

static NOINLINE void wrong(void *p)
{
	free(p);
	__asm__ volatile("");
}

static NOINLINE void wrong_realloc(void *p)
{
	kept = realloc(p, 77);
	__asm__ volatile("");
}

/* By the C library's own malloc, which is so far from where it is loaded. */
static uintptr_t distance;

static void *unseen(size_t size)
{
	Dl_info libc;

	dladdr((void *)(uintptr_t)qsort, &libc);
	return ((void *(*)(size_t))((uintptr_t)libc.dli_fbase + distance))(
	    size);
}

static void *in_thread(void *p)
{
	wrong(p);
	return NULL;
}

static void leave(int signal)
{
	(void)signal;
	_exit(9);
}

static void go_on(int signal)
{
	(void)signal;
}

static sigjmp_buf back;

static void go_back(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

/* The program lives on after it, `count` times. */
static void survive(size_t size, size_t offset, int count)
{
	char *p = make(size);

	memset(p, 1, size);
	signal(SIGABRT, go_back);
	for (volatile int i = 0; i < count; i++)
		if (!sigsetjmp(back, 1))
			wrong(p + offset);
}

/* What a parent had allocated is the child's to free. */
static void child_of(int twice)
{
	void *p = make(40);
	int status;

	if (!fork()) {
		free(malloc(1)); /* its recording begins */
		first(p);
		if (twice)
			wrong(p);
		_exit(0);
	}
	wait(&status);
	free(p);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	volatile char on_stack[64] = { 0 };
	pthread_t t;
	char *p;

	if (argc > 2)
		distance = strtoul(argv[2], NULL, 16);
	if (!strcmp(mode, "again")) {
		p = make(24);
		first(p);
		wrong(p);
	} else if (!strcmp(mode, "again_large")) {
		p = make(5000);
		make(100);
		first(p);
		wrong(p);
	} else if (!strcmp(mode, "again_realloc")) {
		p = make(5000);
		make(100);
		first(p);
		wrong_realloc(p);
	} else if (!strcmp(mode, "moved")) {
		p = make(50);
		make(100);
		kept = realloc(p, 50000);
		wrong(p);
	} else if (!strcmp(mode, "thread")) {
		p = make(24);
		first(p);
		pthread_create(&t, NULL, in_thread, p);
		pthread_join(t, NULL);
	} else if (!strcmp(mode, "inside")) {
		wrong((char *)make(100) + 8);
	} else if (!strcmp(mode, "inside_realloc")) {
		wrong_realloc((char *)make(100) + 24);
	} else if (!strcmp(mode, "inside_survived")) {
		survive(100, 8, 3);
	} else if (!strcmp(mode, "inside_far")) {
		survive(100 << 20, 70 << 20 | 8, 1);
	} else if (!strcmp(mode, "inside_even")) {
		survive(100, 32, 1);
	} else if (!strcmp(mode, "inside_odd")) {
		survive(100, 4, 1);
	} else if (!strcmp(mode, "stack")) {
		wrong((char *)on_stack);
	} else if (!strcmp(mode, "static")) {
		wrong(variable + 16);
	} else if (!strcmp(mode, "constant")) {
		wrong((void *)(uintptr_t) "constant");
	} else if (!strcmp(mode, "nowhere")) {
		wrong((void *)(uintptr_t)0x1230);
	} else if (!strcmp(mode, "handled")) {
		signal(SIGABRT, leave);
		p = make(24);
		first(p);
		wrong(p);
	} else if (!strcmp(mode, "later")) {
		/* Unseen, then freed where it is seen: nothing is wrong. */
		first(make(24));
		for (int i = 0; i < 9; i++)
			wrong(unseen(24));
		abort();
	} else if (!strcmp(mode, "mixed")) {
		/* Two of blocks that were never seen tell where it came from. */
		first(make(24));
		wrong(unseen(24));
		wrong(unseen(2400));
		wrong(unseen(4800));
	} else if (!strcmp(mode, "other_signal")) {
		signal(SIGUSR1, go_on);
		first(make(24));
		raise(SIGUSR1);
		raise(SIGTERM);
	} else if (!strcmp(mode, "child")) {
		child_of(0);
	} else if (!strcmp(mode, "child_twice")) {
		child_of(1);
	}
	return 0;
}
