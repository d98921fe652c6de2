/* SPDX-License-Identifier: MIT */
/*
 * One function leaks for two callers: two findings, told apart by their stack.
 * expect: leak 2 objects 80 bytes in make called by load
 * expect: leak 3 objects 120 bytes in make called by save
 */
#include "truth.h"

static NOINLINE void make(void)
{
	volatile char *block = MUST(malloc(40));

	block[0] = 1;
}

static NOINLINE void load(void)
{
	for (int i = 0; i < 2; i++)
		make();
}

static NOINLINE void save(void)
{
	for (int i = 0; i < 3; i++)
		make();
}

int main(void)
{
	load();
	save();
	scrub();
	return 0;
}
