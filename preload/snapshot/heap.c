/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <link.h>
#include <string.h>

#include "image.h"
#include "leftovers.h"
#include "libc.h"
#include "memory.h"
#include "modules.h"
#include "real.h"
#include "stop.h"

#define PAGE 4096ull

/*
 * glibc's struct _heap_info stands at the start of each 64 MiB of an arena
 * (malloc/arena.c). In the arena's first heap the arena itself follows.
 */
struct heap_info {
	uint64_t arena;
	uint64_t previous;
	uint64_t size;
	uint64_t usable_size;
};

/*
 * glibc's struct malloc_state (malloc/malloc.c): what stands before the bins,
 * the bins, and what follows them. An empty bin's two pointers hold the
 * address of the chunk that they would be part of.
 */
#define BEFORE_BINS  (4 * 4 + 10 * 8 + 2 * 8)
#define TOP          (4 * 4 + 10 * 8)
#define BINS         127
#define BEHIND_BINS  (4 * 4 + 5 * 8)
#define NO_PARAMETER 0x7fffffff
static uint64_t first_arena;

bool heap_asked;

/* The longest run of empty bins in a module's data is that arena's. */
static void find_first_arena(const uint64_t *p, const uint64_t *end)
{
	while (p + 2 <= end) {
		const uint64_t *start = p;

		while (p + 2 <= end && p[0] == (uint64_t)(uintptr_t)p - 16 &&
		       p[1] == p[0])
			p += 2;
		if (p - start >= 2 * (BINS - 2) && !first_arena)
			first_arena = (uint64_t)(uintptr_t)start - BEFORE_BINS;
		if (p == start)
			p++;
	}
}

/* In what the C library can write, behind what the loader protects again. */
static void search_library(void)
{
	const ElfW(Phdr) * h;
	struct image image;
	uint64_t relro_end = 0;
	uint32_t count = 0;

	if (!image_find(ADDRESS(real.malloc), &image))
		return;
	h = image_headers(&image, &count);
	for (uint32_t i = 0; h && i < count; i++)
		if (h[i].p_type == PT_GNU_RELRO)
			relro_end = h[i].p_vaddr + h[i].p_memsz;
	for (uint32_t i = 0; h && i < count; i++) {
		const uint64_t end = h[i].p_vaddr + h[i].p_filesz;
		uint64_t start = (h[i].p_vaddr + 7) & ~7ull;

		if (h[i].p_type != PT_LOAD || !(h[i].p_flags & PF_W))
			continue;
		if (relro_end > start && relro_end <= end)
			start = (relro_end + 7) & ~7ull;
		start += image.map->l_addr;
		find_first_arena(
		    (const void *)(uintptr_t)start,
		    (const void *)(uintptr_t)(image.map->l_addr + end));
	}
}

/* Until it asks for memory its top is the first of its empty bins. */
static bool is_arena_empty(void)
{
	const uint64_t bin = first_arena + BEFORE_BINS - 16;

	return first_arena &&
	       *(const uint64_t *)(uintptr_t)(first_arena + TOP) == bin;
}

void heap_init(void)
{
	struct maps maps;
	struct map m;

	real_resolve();
	if (!real_is_glibc())
		return;
	/* It changes nothing, but sets all up. */
	libc()->mallopt(NO_PARAMETER, 0);
	search_library();
	if (is_arena_empty() || !maps_open(&maps))
		return;
	while (maps_next(&maps, &m))
		if (strcmp(m.name, "[heap]") == 0)
			leftovers_find_cache(m.start);
	maps_close(&maps);
}

uint64_t heap_arena(void)
{
	return first_arena;
}

bool heap_first_arena(uint64_t start, uint64_t end, uint64_t *from,
		      uint64_t *to)
{
	uint64_t arena_end =
	    first_arena + BEFORE_BINS + BINS * 16 + BEHIND_BINS;

	if (!first_arena || first_arena >= end || arena_end <= start)
		return false;
	*from = first_arena > start ? first_arena : start;
	*to = arena_end < end ? arena_end : end;
	return true;
}

uint64_t heap_part_end(uint64_t address, const struct map *maps, uint32_t count)
{
	uint64_t base = address & ~(STORE_REGION - 1);
	const struct map *m = memory_map(maps, count, base);
	struct heap_info h;
	uint64_t distance;

	if (process.foreign_malloc || !m || !m->readable || !m->writable ||
	    m->inode || !stop_read(&h, base, sizeof(h)))
		return 0;
	distance = h.arena & (STORE_REGION - 1);
	if (distance < sizeof(h) || distance > 64 || !h.size ||
	    h.size > STORE_REGION || h.size % PAGE || h.usable_size < h.size ||
	    h.usable_size > STORE_REGION || h.previous % STORE_REGION ||
	    address >= base + h.size)
		return 0;
	return base + h.size;
}

uint64_t heap_arena_end(uint64_t address, const struct map *maps,
			uint32_t count)
{
	uint64_t end = heap_part_end(address, maps, count);

	return end && shadow.regions[address >> STORE_REGION_SHIFT] ? end : 0;
}

bool heap_owns(const struct blocks *b, uint64_t address, const struct map *maps,
	       uint32_t count)
{
	const uint64_t page = address & ~(PAGE - 1);
	const uint32_t i = blocks_after(b, page);

	if (process.foreign_malloc)
		return blocks_page_used(b, address);
	return (i < b->count &&
		store_block_address(&b->list[i]) < page + PAGE) ||
	       heap_arena_end(address, maps, count) != 0;
}

uint64_t heap_usable(const struct store_block *b)
{
	const uint64_t size = store_block_size(b);
	const uint64_t *slot;
	uint64_t usable;

	if (!heap_asked)
		return size;
	slot = shadow_slot(store_block_address(b));
	if (!(slot[0] & STORE_EXTRA) || !(slot[1] & STORE_WHOLE))
		return size;
	usable = real.usable_size((void *)(uintptr_t)store_block_address(b));
	return usable >= size && usable < 2 * size + 2 * PAGE ? usable : size;
}
