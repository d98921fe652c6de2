/* SPDX-License-Identifier: MIT */
/*
 * A program that asks how many bytes of a block it may use keeps pointers in
 * all of them.
 * expect: nothing
 */
#include <malloc.h>

#include "truth.h"

static void **volatile holder;

static NOINLINE void *held(void)
{
	return MUST(malloc(333));
}

static NOINLINE void hold(void)
{
	void **p = MUST(malloc(17));

	if (malloc_usable_size(p) >= 3 * sizeof(*p))
		p[2] = held();
	holder = p;
}

int main(void)
{
	hold();
	scrub();
	return 0;
}
