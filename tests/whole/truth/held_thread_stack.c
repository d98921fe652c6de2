/* SPDX-License-Identifier: MIT */
/*
 * The stack of a thread that waits holds the block.
 * expect: nothing
 * valgrind: refknot is right: Valgrind calls the loader's own table of the
 *	waiting thread's variables possibly lost, as libc points past its head
 */
#include <pthread.h>
#include <unistd.h>

#include "truth.h"

static volatile int ready;

static NOINLINE void *make(void)
{
	return MUST(malloc(100));
}

static void *wait_for_ever(void *unused)
{
	void *volatile local = make();

	scrub();
	__asm__ volatile("" : : "r"(&local) : "memory");
	ready = 1;
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		abort();
	wait_until(&ready);
	scrub();
	return 0;
}
