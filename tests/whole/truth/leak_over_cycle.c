/* SPDX-License-Identifier: MIT */
/*
 * A lost block that alone keeps a cycle: the block is what to free first.
 * expect: leak 1 object 64 bytes in make_owner
 * expect: held 2 objects 48 bytes
 */
#include "truth.h"

static NOINLINE struct node *make_ring(void)
{
	struct node *a = MUST(calloc(1, sizeof(*a)));
	struct node *b = MUST(calloc(1, sizeof(*b)));

	a->next = b;
	b->next = a;
	return a;
}

static NOINLINE void make_owner(void)
{
	struct node **owner = MUST(calloc(8, sizeof(*owner)));

	owner[3] = make_ring();
}

int main(void)
{
	make_owner();
	scrub();
	return 0;
}
