/* SPDX-License-Identifier: MIT */
/*
 * Single blocks in use to whose start no pointer leads: behind a header that
 * the allocating function adds for all its callers, behind padding up to a line
 * of the cache, behind their own start's address, and an array without elements
 * behind its count.
 * expect: nothing
 * valgrind: refknot is right: Valgrind calls all possibly lost but for the empty
 *	array, whose end it does not take for a part of it and calls lost
 */
#include <stdint.h>

#include "truth.h"

#define LINE 64u

static USED void *held[6], *spare;

static NOINLINE void *xalloc(size_t size)
{
	size_t *header = MUST(malloc(sizeof(*header) + size));

	*header = size;
	return header + 1;
}

static NOINLINE void make_named(void)
{
	held[0] = xalloc(40);
}

static NOINLINE void make_counted(void)
{
	held[1] = xalloc(100);
}

static NOINLINE void make_buffer(void)
{
	held[2] = xalloc(1000);
}

/* Wherever malloc puts it, padding goes before the table. */
static NOINLINE void make_table(void)
{
	char *p = MUST(malloc(2 * LINE));

	if ((uintptr_t)p % LINE == 0) {
		spare = p;
		p = MUST(malloc(2 * LINE));
	}
	held[3] = (void *)(((uintptr_t)p + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

static NOINLINE void make_aligned(void)
{
	char *p = MUST(malloc(200 + 32 + sizeof(void *)));
	char *at = (char *)(((uintptr_t)p + sizeof(void *) + 31) & ~31ul);

	*(void **)(at - sizeof(void *)) = p;
	held[4] = at;
}

static NOINLINE void make_empty(void)
{
	size_t *count = MUST(malloc(sizeof(*count)));

	*count = 0;
	held[5] = count + 1;
}

int main(void)
{
	make_named();
	make_counted();
	make_buffer();
	make_table();
	make_aligned();
	make_empty();
	scrub();
	return 0;
}
