/* SPDX-License-Identifier: MIT */
/*
 * Two threads whose stacks the program cut from one mapping.
 * expect: nothing
 * valgrind: refknot is right: the possible losses are the loader's tables of the
 *	threads, which are in use
 */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

#define STACK (1 << 20)

static volatile int ready[2];

static void *work(void *number)
{
	char *volatile mine = MUST(malloc(100));

	mine[0] = 1;
	ready[(long)number] = 1;
	for (;;)
		pause();
	return mine;
}

int main(void)
{
	char *region = mmap(NULL, 2 * STACK + 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	if (region == MAP_FAILED || mprotect(region, 4096, PROT_NONE))
		abort();
	for (long i = 0; i < 2; i++) {
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, region + 4096 + i * STACK,
				      STACK);
		if (pthread_create(&thread, &attributes, work, (void *)i))
			abort();
		wait_until(&ready[i]);
	}
	scrub();
	return 0;
}
