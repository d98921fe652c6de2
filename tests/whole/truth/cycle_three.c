/* SPDX-License-Identifier: MIT */
/*
 * Rings of three, twice from the same place: one finding.
 * expect: cycle 3 members 2 times 144 bytes
 * lsan: refknot is right: LeakSanitizer prints indirect leaks alone
 * valgrind: refknot is right: Valgrind picks one member of each ring as
 *	definitely lost and never shows the pointer back
 */
#include "truth.h"

static NOINLINE void make_cycle(void)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));
	struct node *b = MUST(calloc(1, sizeof(*b)));
	struct node *c = MUST(calloc(1, sizeof(*c)));

	a->next = b;
	b->previous = c;
	c->next = a;
}

int main(void)
{
	for (int i = 0; i < 2; i++)
		make_cycle();
	scrub();
	return 0;
}
