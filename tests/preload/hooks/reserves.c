/* SPDX-License-Identifier: MIT */
/*
 * Reserves a TiB, of which a few pages are used, as virtual machines do, and
 * keeps blocks in it: at both ends, and in more places than are asked for at
 * once. One is lost. With "fork" a child has that from it, and loses
 * one. With "user" it is another user first, and touches nothing of 32 TiB.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"

#define SIZE   (1ull << 40)
#define PLACES 100

static char *room;

static void *reserve(unsigned long long size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static NOINLINE void keep(unsigned long long at)
{
	*(void **)(room + at) = lose(16);
}

int main(int count, char **arguments)
{
	int status = 0;

	if (count > 1 && !strcmp(arguments[1], "user")) {
		if (setresuid(65534, 65534, 65534) ||
		    reserve(32 * SIZE) == MAP_FAILED)
			puts("no room");
		lose(100);
		scrub();
		return 0;
	}
	room = reserve(SIZE);
	if (room == MAP_FAILED)
		return puts("no room"), 0;
	keep(0);
	keep(SIZE - 4096);
	for (unsigned long long i = 1; i < PLACES; i++)
		keep(SIZE / PLACES * i & ~7ull);
	if (count < 2 || !fork()) {
		lose(100);
		scrub();
		return 0;
	}
	wait(&status);
	return status;
}
