/* SPDX-License-Identifier: MIT */
/*
 * An array of blocks from one call, whose array alone was freed.
 * expect: leak 50 objects 1200 bytes in fill
 */
#include "truth.h"

static NOINLINE void fill(void **list, int count)
{
	for (int i = 0; i < count; i++)
		list[i] = MUST(malloc(24));
}

static NOINLINE void drop_the_array(void)
{
	void **list = MUST(calloc(50, sizeof(*list)));

	fill(list, 50);
	free(list);
}

int main(void)
{
	drop_the_array();
	scrub();
	return 0;
}
