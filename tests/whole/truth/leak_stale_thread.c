/* SPDX-License-Identifier: MIT */
/*
 * A thread has ended with the pointer on its stack, which libc keeps mapped
 * for the next thread: that keeps nothing alive.
 * expect: leak 1 object 100 bytes in make_leak
 */
#include <pthread.h>

#include "truth.h"

static NOINLINE void *make_leak(void)
{
	return MUST(malloc(100));
}

static void *work(void *unused)
{
	void *volatile on_the_stack[64];

	for (int i = 0; i < 64; i++)
		on_the_stack[i] = NULL;
	on_the_stack[32] = make_leak();
	__asm__ volatile("" : : "r"(on_the_stack) : "memory");
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		abort();
	pthread_join(thread, NULL);
	scrub();
	return 0;
}
