/* SPDX-License-Identifier: MIT */
/*
 * Reserves a TiB, of which a few pages are used, as virtual machines do, and
 * keeps blocks in it: at both ends, and in more places than are asked for at
 * once. One is lost.
 */
#include <sys/mman.h>

#include "hooks.h"

#define SIZE   (1ull << 40)
#define PLACES 100

static char *room;

static NOINLINE void keep(unsigned long long at)
{
	*(void **)(room + at) = lose(16);
}

int main(void)
{
	room = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return puts("no room"), 0;
	keep(0);
	keep(SIZE - 4096);
	for (unsigned long long i = 1; i < PLACES; i++)
		keep(SIZE / PLACES * i & ~7ull);
	lose(100);
	scrub();
	return 0;
}
