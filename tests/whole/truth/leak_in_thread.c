/* SPDX-License-Identifier: MIT */
/*
 * Leaks of threads that have ended, from arenas of their own.
 * expect: leak 4 objects 400 bytes in make_leak
 */
#include <pthread.h>

#include "truth.h"

static NOINLINE void make_leak(void)
{
	volatile char *block = MUST(malloc(100));

	block[0] = 1;
}

static void *work(void *unused)
{
	for (int i = 0; i < 2; i++)
		make_leak();
	scrub();
	return unused;
}

static NOINLINE void run_one(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		abort();
	pthread_join(thread, NULL);
}

int main(void)
{
	run_one();
	run_one();
	scrub();
	return 0;
}
