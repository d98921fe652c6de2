/* SPDX-License-Identifier: MIT */
/*
 * Two blocks that point at each other, and nothing at them.
 * expect: cycle 2 members 1 time 48 bytes
 * lsan: refknot is right: LeakSanitizer prints two indirect leaks and no
 *	direct one, so that nobody is told where to begin
 * valgrind: refknot is right: Valgrind calls one member definitely lost and
 *	the other indirectly, and never shows the pointer back
 */
#include "truth.h"

static NOINLINE void make_cycle(void)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));
	struct node *b = MUST(calloc(1, sizeof(*b)));

	a->next = b;
	b->next = a;
}

int main(void)
{
	make_cycle();
	scrub();
	return 0;
}
