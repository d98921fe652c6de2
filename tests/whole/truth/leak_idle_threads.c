/* SPDX-License-Identifier: MIT */
/*
 * What threads were given that have ended and never allocated: their stacks,
 * which libc keeps, and their control blocks hold nothing.
 * expect: leak 3 objects 300 bytes in start
 */
#include <pthread.h>

#include "truth.h"

static void *work(void *given)
{
	(void)given;
	return NULL;
}

static NOINLINE void start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, MUST(malloc(100))))
		abort();
	pthread_join(thread, NULL);
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		start();
	scrub();
	return 0;
}
