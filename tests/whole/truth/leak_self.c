/* SPDX-License-Identifier: MIT */
/*
 * Blocks that point at themselves alone: the head of an empty list as first
 * member, and a pointer to it. Nobody else has to let go of them, so they are
 * leaks, and no cycle; a gate on leaks must see them.
 * expect: leak 1 object 32 bytes in make_list
 * expect: leak 1 object 24 bytes in make_self
 */
#include "truth.h"

struct list {
	struct list *next, *previous;
	char *text;
	long count;
};

static NOINLINE void make_list(void)
{
	struct list *l = MUST(calloc(1, sizeof(*l)));

	l->next = l->previous = l;
}

static NOINLINE void make_self(void)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));

	a->previous = a;
}

int main(void)
{
	make_list();
	make_self();
	scrub();
	return 0;
}
