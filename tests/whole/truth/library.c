/* SPDX-License-Identifier: MIT */
/*
 * For held_library_bss.c, a variable; for leak_deepbind.c, code that loses a
 * block.
 */
#include <stdlib.h>
#include <string.h>

extern void *library_slot;
__attribute__((visibility("default"))) void *library_slot;

void library_lose(void);
__attribute__((visibility("default"))) void library_lose(void)
{
	void *p = malloc(100);

	__asm__ volatile("" : "+r"(p) : : "memory");
	if (p)
		memset(p, 1, 100);
}
