/* SPDX-License-Identifier: MIT */
/*
 * One line leaks at every depth of a recursion, and one in each of two functions
 * that call each other: how deep does not matter, who began it does.
 * expect: leak 10 objects 300 bytes in down
 * expect: leak 5 objects 200 bytes in even called by main
 * expect: leak 5 objects 250 bytes in odd called by even
 */
#include "truth.h"

static NOINLINE void down(int depth)
{
	volatile char *block;

	if (depth)
		down(depth - 1);
	block = MUST(malloc(30));
	block[0] = 1;
}

static void odd(int depth);

static NOINLINE void even(int depth)
{
	volatile char *block = MUST(malloc(40));

	block[0] = 1;
	if (depth)
		odd(depth - 1);
	block = NULL;
}

static NOINLINE void odd(int depth)
{
	volatile char *block = MUST(malloc(50));

	block[0] = 1;
	if (depth)
		even(depth - 1);
	block = NULL;
}

int main(void)
{
	down(9);
	even(9);
	scrub();
	return 0;
}
