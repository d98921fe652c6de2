/* SPDX-License-Identifier: MIT */
/*
 * A table of which only a cursor is left, where boxes of another type from the
 * same xmalloc() are in use behind their headers.
 * expect: possible-leak 1 object 4000 bytes in xmalloc called by work
 * lsan: refknot is right to doubt: LeakSanitizer takes any pointer into a
 *	block for a reference
 * valgrind: refknot is right: Valgrind doubts the boxes, too, which the
 *	program holds behind their headers
 */
#include "truth.h"

#define BOXES 50

static USED char *boxes[BOXES];
static USED long *cursor;

static NOINLINE void *xmalloc(size_t size)
{
	return MUST(malloc(size));
}

static NOINLINE void work(void)
{
	for (int i = 0; i < BOXES; i++)
		boxes[i] = (char *)xmalloc(40) + 16;
	cursor = (long *)xmalloc(4000) + 2;
}

int main(void)
{
	work();
	scrub();
	return 0;
}
