/* SPDX-License-Identifier: MIT */
/*
 * Blocks of each function that aligns.
 * expect: leak 1 object 70 bytes in by_posix_memalign
 * expect: leak 1 object 128 bytes in by_aligned_alloc
 * expect: leak 1 object 90 bytes in by_memalign
 */
#include <malloc.h>

#include "truth.h"

static NOINLINE void by_posix_memalign(void)
{
	void *block;

	if (posix_memalign(&block, 64, 70))
		abort();
	*(volatile char *)block = 1;
}

static NOINLINE void by_aligned_alloc(void)
{
	*(volatile char *)MUST(aligned_alloc(128, 128)) = 1;
}

static NOINLINE void by_memalign(void)
{
	*(volatile char *)MUST(memalign(256, 90)) = 1;
}

int main(void)
{
	by_posix_memalign();
	by_aligned_alloc();
	by_memalign();
	scrub();
	return 0;
}
