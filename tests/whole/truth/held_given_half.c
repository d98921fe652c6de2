/* SPDX-License-Identifier: MIT */
/*
 * A stack that the program gave to a thread, whose last page it has unmapped
 * since: half of the thread's control block is still there. The stack is the
 * program's, with a pointer in it, and what is not mapped cannot be read.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search mappings and reports a
 *	leak that is none
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "truth.h"

#define PAGE  4096
#define STACK (1 << 20)
#define TAIL  0x600 /* of the control block's 0x900 bytes, in the last page */

static USED char *region;
static pthread_t thread;

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
	char *end;

	region = mmap(NULL, PAGE + STACK + PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region == MAP_FAILED || mprotect(region, PAGE, PROT_NONE))
		abort();
	end = region + PAGE + STACK;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, region + PAGE, STACK + TAIL);
	if (pthread_create(&thread, &attributes, work, NULL))
		abort();
	pthread_join(thread, NULL);
	if ((uintptr_t)thread >= (uintptr_t)end ||
	    (uintptr_t)thread + TAIL <= (uintptr_t)end || munmap(end, PAGE))
		abort();
	make();
	scrub();
	return 0;
}
