/* SPDX-License-Identifier: MIT */
/*
 * Two cycles that both hold one tail of two blocks, which counts once.
 * expect: cycle 2 members 1 time 48 bytes in first_cycle
 * expect: cycle 2 members 1 time 48 bytes in second_cycle
 * expect: held 2 objects 48 bytes
 * lsan: refknot is right: LeakSanitizer prints indirect leaks alone
 * valgrind: refknot is right: Valgrind calls one member of each cycle
 *	definitely lost and never shows the pointer back
 */
#include "truth.h"

static NOINLINE struct node *make_node(struct node *next)
{
	struct node *n = MUST(calloc(1, sizeof(*n)));

	n->next = next;
	return n;
}

static NOINLINE void first_cycle(struct node *tail)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));
	struct node *b = MUST(calloc(1, sizeof(*b)));

	a->next = b;
	b->next = a;
	a->previous = tail;
}

static NOINLINE void second_cycle(struct node *tail)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));
	struct node *b = MUST(calloc(1, sizeof(*b)));

	a->next = b;
	b->next = a;
	b->previous = tail;
}

static NOINLINE void make_both(void)
{
	struct node *tail = make_node(make_node(NULL));

	first_cycle(tail);
	second_cycle(tail);
}

int main(void)
{
	make_both();
	scrub();
	return 0;
}
