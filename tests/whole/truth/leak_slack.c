/* SPDX-License-Identifier: MIT */
/*
 * Blocks that shrank where they are: the pointer that stood at their old end is
 * in bytes that the program does not have any more. It closes no cycle and
 * holds nothing.
 * expect: leak 1 object 448 bytes in make_a
 * expect: leak 1 object 777 bytes in make_c
 * expect: held 1 object 22 bytes
 */
#include <string.h>

#include "truth.h"

static char *volatile reachable;

static NOINLINE void *make_a(void)
{
	return MUST(calloc(1, 448));
}

static NOINLINE void *make_c(void)
{
	return MUST(calloc(1, 777));
}

/* glibc keeps the chunk of 48 bytes. */
static NOINLINE void *string_before(void *pointer, unsigned word)
{
	void **p = MUST(malloc(40));

	p[word] = pointer;
	p = MUST(realloc(p, 22));
	return memset(p, 'x', 22);
}

static NOINLINE void work(void)
{
	void **a = make_a();

	a[0] = string_before(a, 3);
	reachable = string_before(make_c(), 4);
}

int main(void)
{
	work();
	scrub();
	return 0;
}
