/* SPDX-License-Identifier: MIT */
/*
 * Three blocks that nothing points at.
 * expect: leak 3 objects 300 bytes in make_leak
 */
#include "truth.h"

static NOINLINE void make_leak(void)
{
	volatile char *block = MUST(malloc(100));

	block[0] = 1;
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		make_leak();
	scrub();
	return 0;
}
