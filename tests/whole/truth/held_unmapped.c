/* SPDX-License-Identifier: MIT */
/*
 * A heap of objects that the program maps itself and unmaps as a whole at its
 * end, with objects in it that had memory from malloc. It was in use until then,
 * and so was what that held, also where the heap's own lists are freed afterwards:
 * one for each page, and a few at last. What was lost before is a leak as ever.
 * expect: leak 1 object 70 bytes in make_lost
 * expect: leak 1 object 71 bytes in make_lost
 * lsan: refknot is right: LeakSanitizer looks when the heap is gone, and calls
 *	all that it held leaked
 * valgrind: refknot is right: Valgrind looks when the heap is gone, and calls
 *	all that it held lost
 */
#include <sys/mman.h>

#include "truth.h"

#define PAGES 64
#define PAGE  4096
#define LISTS 8

struct object {
	void *text;
	struct object *next;
};

static NOINLINE void make_objects(struct object *heap)
{
	for (int i = 0; i < 100; i++) {
		void **text = MUST(malloc(40));

		*text = MUST(malloc(24));
		heap[i].text = text;
	}
}

static NOINLINE void make_lost(struct object *heap)
{
	MUST(malloc(70));
	heap[200].text = MUST(malloc(71));
	heap[200].text = NULL;
}

static void *lists[LISTS];

static NOINLINE void make_lists(struct object *heap)
{
	for (int i = 0; i < PAGES; i++)
		heap[(i + 1) * PAGE / sizeof(*heap) - 1].next =
		    MUST(malloc(30));
	for (int i = 0; i < LISTS; i++)
		lists[i] = MUST(malloc(31));
}

/* Page by page, as it was not made. */
static void unmap(struct object *heap)
{
	for (int i = 0; i < PAGES; i++) {
		char *page = (char *)heap + i * PAGE;
		void *list = ((struct object *)(page + PAGE))[-1].next;

		munmap(page, PAGE);
		free(list);
	}
	for (int i = 0; i < LISTS; i++)
		free(lists[i]);
}

int main(void)
{
	struct object *heap = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (heap == MAP_FAILED)
		return 1;
	make_objects(heap);
	make_lost(heap);
	make_lists(heap);
	scrub();
	unmap(heap);
	return 0;
}
