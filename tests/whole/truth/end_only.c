/* SPDX-License-Identifier: MIT */
/*
 * All that is left is a pointer one past the block's end, as C allows.
 * expect: possible-leak 1 object 96 bytes in make_buffer
 * lsan: refknot is right: LeakSanitizer calls it a leak, and yet the program
 *	can still reach it
 * valgrind: refknot is right: Valgrind calls it definitely lost, and yet the
 *	program can still reach it
 */
#include "truth.h"

static USED char *end;

static NOINLINE void make_buffer(void)
{
	char *start = MUST(malloc(96));

	end = start + 96;
}

int main(void)
{
	make_buffer();
	scrub();
	return 0;
}
