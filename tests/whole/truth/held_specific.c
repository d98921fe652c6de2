/* SPDX-License-Identifier: MIT */
/*
 * Values that pthread_setspecific keeps, the early keys in the thread's own
 * memory, the late ones in a block of libc's.
 * expect: nothing
 */
#include <pthread.h>

#include "truth.h"

static pthread_key_t keys[60];

static NOINLINE void make(void)
{
	for (int i = 0; i < 60; i++)
		if (pthread_key_create(&keys[i], NULL))
			abort();
	pthread_setspecific(keys[0], MUST(malloc(100)));
	pthread_setspecific(keys[59], MUST(malloc(100)));
}

int main(void)
{
	make();
	scrub();
	return 0;
}
