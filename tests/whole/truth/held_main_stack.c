/* SPDX-License-Identifier: MIT */
/*
 * A function that calls exit holds the block in a local variable.
 * expect: nothing
 */
#include "truth.h"

static NOINLINE void *make(void)
{
	return MUST(malloc(100));
}

static NOINLINE void hold_and_exit(void)
{
	void *volatile local = make();

	scrub();
	__asm__ volatile("" : : "r"(&local) : "memory");
	exit(0);
}

int main(void)
{
	hold_and_exit();
	return 1;
}
