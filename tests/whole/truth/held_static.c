/* SPDX-License-Identifier: MIT */
/*
 * A static variable holds a block that holds another.
 * expect: nothing
 */
#include "truth.h"

static USED struct node *first;

static NOINLINE void make(void)
{
	first = MUST(calloc(1, sizeof(*first)));
	first->next = MUST(calloc(1, sizeof(*first)));
}

int main(void)
{
	make();
	scrub();
	return 0;
}
