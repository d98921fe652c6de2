/* SPDX-License-Identifier: MIT */
/*
 * A block that grew twice: it counts once, with its last size, and belongs to
 * the call that made it that large.
 * expect: leak 1 object 5000 bytes in grow_again
 */
#include "truth.h"

static NOINLINE char *begin(void)
{
	return MUST(malloc(10));
}

static NOINLINE char *grow(char *block)
{
	return MUST(realloc(block, 1000));
}

static NOINLINE void grow_again(char *block)
{
	volatile char *larger = MUST(realloc(block, 5000));

	larger[0] = 1;
}

int main(void)
{
	grow_again(grow(begin()));
	scrub();
	return 0;
}
