/* SPDX-License-Identifier: MIT */
/*
 * Memory from mmap holds the block: a program's own allocator does so.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search anonymous maps and
 *	reports a leak that is none
 */
#include <sys/mman.h>

#include "truth.h"

static USED void **map;

static NOINLINE void make(void)
{
	map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		abort();
	map[5000] = MUST(malloc(100));
}

int main(void)
{
	make();
	scrub();
	return 0;
}
