/* SPDX-License-Identifier: MIT */
/*
 * Only the stale memory of a freed block still holds the pointer: that keeps
 * nothing alive.
 * expect: leak 1 object 100 bytes in make_leak
 */
#include "truth.h"

static NOINLINE void *make_leak(void)
{
	return MUST(malloc(100));
}

static NOINLINE void hold_and_free(void)
{
	void **holder = MUST(calloc(20, sizeof(*holder)));

	holder[10] = make_leak();
	__asm__ volatile("" : : "r"(holder) : "memory");
	free(holder);
}

int main(void)
{
	hold_and_free();
	scrub();
	return 0;
}
