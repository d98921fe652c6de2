/* SPDX-License-Identifier: MIT */
/*
 * Several threads that were there at once have ended, each with a pointer on its
 * stack: libc keeps the stacks of all, and none of them keeps anything alive.
 * What one that still runs has on its stack is in use.
 * expect: leak 5 objects 500 bytes in make_leak
 * valgrind: refknot is right: the possible loss is the loader's table of the
 *	thread that runs
 */
#include <pthread.h>
#include <unistd.h>

#include "truth.h"

#define THREADS 6

static pthread_barrier_t all;
static int stays;

static NOINLINE void *make_leak(void)
{
	return MUST(malloc(100));
}

static void *work(void *until_the_end)
{
	void *volatile on_the_stack[64];

	for (int i = 0; i < 64; i++)
		on_the_stack[i] = NULL;
	on_the_stack[32] = make_leak();
	pthread_barrier_wait(&all);
	while (until_the_end)
		pause();
	__asm__ volatile("" : : "r"(on_the_stack) : "memory");
	return until_the_end;
}

int main(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&all, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work,
				   i == 3 ? &stays : NULL))
			abort();
	for (int i = 0; i < THREADS; i++)
		if (i != 3)
			pthread_join(threads[i], NULL);
	scrub();
	return 0;
}
