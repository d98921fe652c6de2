/* SPDX-License-Identifier: MIT */
#include "zeros.h"

#include <link.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"
#include "libc.h"
#include "pages.h"
#include "spare.h"
#include "sys.h"

#define PAGE  4096u
#define PAGES 1024 /* as many as there may be */

/* Of the linker. */
extern HIDDEN char __bss_start[], _end[];
extern HIDDEN const char __ehdr_start[];

static char *page_up(char *p)
{
	return p + (-(uintptr_t)p & (PAGE - 1));
}

uint64_t zeros_size(void)
{
	return (uint64_t)(page_up(_end) - page_up(__bss_start));
}

/* Where what can be written begins: behind what the loader protects again. */
static char *variables(void)
{
	const ElfW(Ehdr) *e = (const void *)__ehdr_start;
	const ElfW(Phdr) *h = (const void *)(__ehdr_start + e->e_phoff);
	uint64_t zeros = (uint64_t)(__bss_start - __ehdr_start), from = zeros;

	for (int i = 0; i < e->e_phnum; i++)
		if (h[i].p_type == PT_LOAD && h[i].p_flags & PF_W &&
		    zeros - h[i].p_vaddr <= h[i].p_memsz)
			from = h[i].p_vaddr;
	for (int i = 0; i < e->e_phnum; i++) {
		uint64_t end = h[i].p_vaddr + h[i].p_memsz;

		if (h[i].p_type == PT_GNU_RELRO && end > from && end <= zeros)
			from = end;
	}
	return __bss_start - (zeros - (from & -(uint64_t)PAGE));
}

static bool is_zero(const char *page)
{
	const uint64_t *words = (const void *)page;

	for (size_t i = 0; i < PAGE / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

/* What the work takes, for next to nothing of it may be on the stack. */
struct work {
	struct pages pages;
	bool used[PAGES];
	alignas(PAGE) char kept[];
};

/* To the same places in `to`. */
static void copy(char *to, const char *from, const bool *used, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (used[i])
			memcpy(to + i * PAGE, from + i * PAGE, PAGE);
}

/* From where it is known what is used, nothing is called that changes a
 * variable. */
COLD void zeros_uncount(void)
{
	char *start = variables(), *end = page_up(_end);
	size_t count = (size_t)(end - start) / PAGE;
	struct work *w;
	const char *zeros;

	if (count > PAGES || !READ_ONCE(*libc_single_threaded))
		return;
	w = spare_map(sizeof(*w) + count * PAGE);
	if (!w)
		return;
	/* Which pages hold something? Those that were never there are not read,
	 * for they would be from then on; what was swapped out is. */
	zeros = page_up(__bss_start);
	pages_open_known(&w->pages);
	for (size_t i = 0; i < count; i++) {
		const char *page = start + i * PAGE;

		w->used[i] =
		    page < zeros ||
		    (pages_touched(&w->pages, ADDRESS(page)) && !is_zero(page));
	}
	pages_close(&w->pages);
	copy(w->kept, start, w->used, count);
	if (sys_map_own_at(start, count * PAGE))
		copy(start, w->kept, w->used, count);
	spare_unmap(w, sizeof(*w) + count * PAGE);
}
