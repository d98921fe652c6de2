/* SPDX-License-Identifier: MIT */
/* The pointers between blocks. */
#include <stddef.h>

#include "heap.h"
#include "picture.h"

#define PAGE  4096ull
#define LARGE (4ull << 20) /* blocks from here on may be mostly untouched */

static void add(struct picture *p, uint32_t from, uint64_t word, uint32_t to,
		uint64_t offset)
{
	struct rkn_edge *e = picture_list_add(&p->edges);

	if (!e)
		return;
	e->from = from;
	e->to = to;
	e->from_word = word < UINT32_MAX ? (uint32_t)word : UINT32_MAX;
	e->to_offset = offset < UINT32_MAX ? (uint32_t)offset : UINT32_MAX;
}

static void search(struct picture *p, uint32_t i, uint64_t start, uint64_t end)
{
	const uint64_t base = p->blocks.list[i].address & ~7ull;
	const uint64_t least = p->blocks.least;
	const uint64_t span = p->blocks.most - least;
	uint64_t offset;

	for (uint64_t at = start; at + 8 <= end; at += 8) {
		uint64_t value = *(const uint64_t *)(uintptr_t)at;
		uint32_t to;

		if (value - least >= span)
			continue;
		to = blocks_find(&p->blocks, value, &offset);
		if (to != BLOCKS_NONE)
			add(p, i, (at - base) / 8, to, offset);
	}
}

/* Page by page, without those that were never touched. */
static void search_large(struct picture *p, uint32_t i, uint64_t start,
			 uint64_t end)
{
	for (uint64_t at = start; at < end;) {
		uint64_t next = (at & ~(PAGE - 1)) + PAGE;

		if (next > end)
			next = end;
		if (pages_touched(&p->pages, at))
			search(p, i, at, next);
		at = next;
	}
}

/* Only what is mapped readable: programs protect parts of their blocks. */
static uint32_t search_readable(struct picture *p, uint32_t i, uint32_t m)
{
	const struct rkn_block *b = &p->blocks.list[i];
	uint64_t end, at = (b->address + 7) & ~7ull;

	while (m < p->map_count && p->maps[m].end <= b->address)
		m++;
	if (m == p->map_count || p->maps[m].start > b->address ||
	    !p->maps[m].readable)
		return m;
	end = (b->address + heap_usable(b) + 7) & ~7ull;
	for (uint32_t n = m; n < p->map_count && at < end; n++) {
		uint64_t stop = end < p->maps[n].end ? end : p->maps[n].end;

		if (p->maps[n].start > at)
			break;
		if (p->maps[n].readable && b->size < LARGE)
			search(p, i, at, stop);
		else if (p->maps[n].readable)
			search_large(p, i, at, stop);
		at = stop;
	}
	return m;
}

void edges_search(struct picture *p)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < p->blocks.count && !p->edges.cut; i++)
		m = search_readable(p, i, m);
}
