/* SPDX-License-Identifier: MIT */
/*
 * Blocks that one thread makes and another frees, both ways.
 * expect: nothing
 */
#include <pthread.h>

#include "truth.h"

static NOINLINE void *swap(void *block)
{
	free(block);
	return MUST(malloc(200));
}

int main(void)
{
	pthread_t thread;
	void *block;

	if (pthread_create(&thread, NULL, swap, MUST(malloc(100))))
		abort();
	pthread_join(thread, &block);
	free(block);
	block = NULL;
	scrub();
	return 0;
}
