/* SPDX-License-Identifier: MIT */
/*
 * Nothing comes after the allocation that would write over what the calls left
 * below main()'s frame: where it returned to, they are not in use.
 * expect: leak 2 objects 80 bytes in lose
 */
#include "truth.h"

static NOINLINE void lose(void)
{
	volatile char *block = MUST(malloc(40));

	block[0] = 1;
}

int main(void)
{
	for (int i = 0; i < 2; i++)
		lose();
	return 0;
}
