/* SPDX-License-Identifier: MIT */
/*
 * Memory that was unmapped before the end, and what it held not freed: the
 * program goes on, so that is a leak. And a file's pages hold nothing, whenever
 * they are unmapped.
 * expect: leak 100 objects 4000 bytes in make_objects
 * expect: leak 1 object 50 bytes in make_written
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

#define SIZE 8192

static USED void *last;

static NOINLINE void make_objects(void **heap)
{
	for (int i = 0; i < 100; i++)
		heap[i] = MUST(malloc(40));
}

static NOINLINE void make_written(void **pages)
{
	pages[0] = MUST(malloc(50));
}

int main(void)
{
	FILE *file = tmpfile();
	void **heap, **pages;

	heap = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!file || ftruncate(fileno(file), SIZE) || heap == MAP_FAILED)
		return 1;
	make_objects(heap);
	munmap(heap, SIZE);
	last = MUST(malloc(1000));
	/* In the place where anonymous memory was. */
	pages = mmap(heap, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fileno(file), 0);
	if (pages == MAP_FAILED)
		return 1;
	make_written(pages);
	scrub();
	munmap(pages, SIZE);
	fclose(file);
	return 0;
}
