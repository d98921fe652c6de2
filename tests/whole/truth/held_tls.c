/* SPDX-License-Identifier: MIT */
/*
 * Thread-local variables of the main thread and of one that waits hold the
 * blocks.
 * expect: nothing
 * valgrind: refknot is right: Valgrind calls the loader's own table of the
 *	waiting thread's variables possibly lost, as libc points past its head
 */
#include <pthread.h>
#include <unistd.h>

#include "truth.h"

static USED __thread void *mine;
static volatile int ready;

static NOINLINE void make(void)
{
	mine = MUST(malloc(100));
}

static void *wait_for_ever(void *unused)
{
	make();
	scrub();
	ready = 1;
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t thread;

	make();
	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		abort();
	wait_until(&ready);
	scrub();
	return 0;
}
