/* SPDX-License-Identifier: MIT */
/*
 * Frees blocks by the C library's own free(), whose distance from mallopt() is
 * argument 1, and keeps others: what glibc does with a chunk that it has back
 * depends on its size and on its neighbours.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

#include "hooks.h"

#define MANY 64

static void (*past)(void *);
static void *volatile kept[8 * MANY];
static int keeps;

static void *keep(void *p)
{
	kept[keeps++] = p;
	return p;
}

/* More than a thread's list of a size takes: the rest is elsewhere. */
static void free_small(size_t size)
{
	void *p[MANY];

	for (int i = 0; i < MANY; i++) {
		p[i] = malloc(size);
		keep(malloc(size + 64));
	}
	for (int i = 0; i < MANY; i++)
		past(p[i]);
	memset(p, 0, sizeof(p));
}

/* In rows, so that each is merged with the one before or behind it. */
static void free_rows(size_t size)
{
	void *p[MANY];

	for (int i = 0; i < MANY; i++) {
		p[i] = malloc(size);
		if (i % 4 == 3)
			keep(malloc(size));
	}
	for (int i = 0; i < MANY; i += 4) {
		past(p[i]);
		past(p[i + 1]);
		past(p[i + 3]);
		past(p[i + 2]);
	}
	memset(p, 0, sizeof(p));
}

static void free_large(void)
{
	for (int i = 0; i < 4; i++)
		past(malloc(1 << 20));
	past(memalign(4096, 1 << 20));
	keep(malloc(1 << 20));
}

static void *all(void *unused)
{
	free_small(24);
	free_small(100);
	free_small(600);
	free_small(2000);
	free_rows(3000);
	free_large();
	past(malloc(5000)); /* the last: into what was never used */
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2)
		return 1;
	*(char **)&past =
	    (char *)dlsym(RTLD_DEFAULT, "mallopt") + atol(argv[1]);
	if (argc > 2) {
		pthread_create(&thread, NULL, all, NULL);
		pthread_join(thread, NULL);
	} else {
		all(NULL);
	}
	lose(777);
	printf("%d kept\n", keeps);
	return 0;
}
