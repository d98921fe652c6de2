/* SPDX-License-Identifier: MIT */
/*
 * A stack that the program gave to a thread and has back, with a pointer in it.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search mappings and reports a
 *	leak that is none
 */
#include <pthread.h>
#include <sys/mman.h>

#include "truth.h"

#define STACK (1 << 20)

static USED char *region;

static void *work(void *unused)
{
	free(MUST(malloc(10)));
	return unused;
}

static NOINLINE void make(void)
{
	*(void **)(region + 8192) = MUST(malloc(100));
}

int main(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	region = mmap(NULL, STACK + 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region == MAP_FAILED || mprotect(region, 4096, PROT_NONE))
		abort();
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, region + 4096, STACK);
	if (pthread_create(&thread, &attributes, work, NULL))
		abort();
	pthread_join(thread, NULL);
	make();
	scrub();
	return 0;
}
