/* SPDX-License-Identifier: MIT */
/*
 * Two calls on one line, told apart by their columns; of one of them the
 * compiler may make copies.
 * expect: leak 4 objects 120 bytes in both
 * expect: leak 4 objects 160 bytes in both
 */
#include "truth.h"

static NOINLINE void both(volatile char **a, volatile char **b)
{
	/* clang-format off */
	*a = MUST(malloc(30)); *b = MUST(malloc(40));
	/* clang-format on */
	**a = **b = 1;
}

static NOINLINE void make(void)
{
	volatile char *a, *b;

	for (int i = 0; i < 4; i++)
		both(&a, &b);
}

int main(void)
{
	make();
	scrub();
	return 0;
}
