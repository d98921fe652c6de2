/* SPDX-License-Identifier: MIT */
/*
 * Shared memory holds the block, and a part of it lies beyond its file's end.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search mappings and reports a
 *	leak that is none
 */
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

static USED void **map;

static NOINLINE void make(void)
{
	int fd = memfd_create("truth", 0);

	if (fd < 0 || ftruncate(fd, 65536))
		abort();
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
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
