/* SPDX-License-Identifier: MIT */
/*
 * A parent and a child with a borrowed pointer back: a cycle, but in use.
 * expect: nothing
 */
#include "truth.h"

static USED struct node *parent;

static NOINLINE void make_family(void)
{
	struct node *child = MUST(calloc(1, sizeof(*child)));

	parent = MUST(calloc(1, sizeof(*parent)));
	parent->next = child;
	child->previous = parent;
}

int main(void)
{
	make_family();
	scrub();
	return 0;
}
