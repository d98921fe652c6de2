/* SPDX-License-Identifier: MIT */
/*
 * A table is unmapped with what it held; the program goes on for long, and
 * frees and unmaps much else, though it allocates nothing any more.
 * expect: leak 100 objects 4000 bytes in make_objects
 */
#include <sys/mman.h>

#include "truth.h"

#define SIZE 8192
#define PAGE 4096
#define KEPT 100

static void *kept[KEPT];

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return MUST(p == MAP_FAILED ? NULL : p);
}

static NOINLINE void make_objects(void **table)
{
	for (int i = 0; i < 100; i++)
		table[i] = MUST(malloc(40));
}

int main(void)
{
	void **table = map(SIZE);
	char *others = map(KEPT * PAGE);

	for (int i = 0; i < KEPT; i++)
		kept[i] = MUST(malloc(50));
	make_objects(table);
	scrub();
	munmap(table, SIZE);
	for (int i = 0; i < KEPT; i++) {
		char *other = others + i * PAGE;

		free(kept[i]);
		kept[i] = NULL;
		*other = 1; /* it is there, and holds nothing */
		munmap(other, PAGE);
	}
	return 0;
}
