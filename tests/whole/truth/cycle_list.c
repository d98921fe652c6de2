/* SPDX-License-Identifier: MIT */
/*
 * A doubly linked list that lost its head.
 * expect: cycle 5 members 1 time 120 bytes
 * lsan: refknot is right: LeakSanitizer prints indirect leaks alone
 * valgrind: refknot is right: Valgrind calls one node definitely lost and
 *	never shows the pointers back
 */
#include "truth.h"

static NOINLINE struct node *append(struct node *last)
{
	struct node *n = MUST(calloc(1, sizeof(*n)));

	n->previous = last;
	if (last)
		last->next = n;
	return n;
}

static NOINLINE void make_list(void)
{
	struct node *last = NULL;

	for (int i = 0; i < 5; i++)
		last = append(last);
}

int main(void)
{
	make_list();
	scrub();
	return 0;
}
