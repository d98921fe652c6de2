/* SPDX-License-Identifier: MIT */
#include "zeros.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"
#include "libc.h"
#include "sys.h"

#define PAGE  4096u
#define PAGES 768 /* as many as there may be, for little stack */

/* Of the linker. */
extern HIDDEN char __bss_start[], _end[];

static char *page_up(char *p)
{
	return p + (-(uintptr_t)p & (PAGE - 1));
}

uint64_t zeros_size(void)
{
	return (uint64_t)(page_up(_end) - page_up(__bss_start));
}

/* Bit 0 of `pages`: that page may hold something. */
static size_t count_used(const unsigned char *pages, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		used += pages[i] & 1;
	return used;
}

/* The pages that are used, one after the other, from `to` on or back. */
static void copy(char *zeros, const unsigned char *pages, size_t count,
		 char *kept, bool back)
{
	for (size_t i = 0; i < count; i++, zeros += PAGE) {
		if (!(pages[i] & 1))
			continue;
		memcpy(back ? zeros : kept, back ? kept : zeros, PAGE);
		kept += PAGE;
	}
}

/* What was used was so a moment ago, and is in memory. Between the copies
 * nothing is called that changes a variable. */
COLD void zeros_uncount(void)
{
	char *start = page_up(__bss_start), *end = page_up(_end), *kept;
	size_t count = (size_t)(end - start) / PAGE, used;
	unsigned char pages[PAGES];

	if (count > PAGES || !READ_ONCE(*libc_single_threaded) ||
	    sys_resident((uintptr_t)start, count * PAGE, pages) < 0)
		return;
	used = count_used(pages, count);
	kept = sys_map_own(used * PAGE);
	if (!kept)
		return;
	copy(start, pages, count, kept, false);
	if (sys_map_own_at(start, count * PAGE))
		copy(start, pages, count, kept, true);
	sys_unmap_own(kept, used * PAGE);
}
