/* SPDX-License-Identifier: MIT */
/*
 * Nothing points at the block's start, but something into it: a cursor, or
 * chance. What the block holds shares its doubt.
 * expect: possible-leak 1 object 100 bytes in make_buffer
 * expect: held 1 object 30 bytes
 * lsan: refknot is right to doubt: LeakSanitizer takes any pointer into a
 *	block for a reference
 */
#include "truth.h"

static USED char *cursor;

static NOINLINE char *make_buffer(void)
{
	char *buffer = MUST(calloc(1, 100));

	*(void **)buffer = MUST(malloc(30));
	return buffer;
}

static NOINLINE void make_cursor(void)
{
	cursor = make_buffer() + 41;
}

int main(void)
{
	make_cursor();
	scrub();
	return 0;
}
