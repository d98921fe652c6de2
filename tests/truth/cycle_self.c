/* SPDX-License-Identifier: MIT */
/*
 * A block that points at itself alone.
 * expect: cycle 1 member 1 time 24 bytes
 * lsan: both are right about what is lost: LeakSanitizer disregards the
 *	pointer and prints a direct leak
 * valgrind: both are right about what is lost: Valgrind disregards the
 *	pointer and calls it definitely lost
 */
#include "truth.h"

static NOINLINE void make_cycle(void)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));

	a->previous = a;
}

int main(void)
{
	make_cycle();
	scrub();
	return 0;
}
