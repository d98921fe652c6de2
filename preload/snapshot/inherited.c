/* SPDX-License-Identifier: MIT */
#include "inherited.h"

#include "chunks.h"
#include "memory.h"
#include "own_memory.h"

#define PAGE 4096ull

/* The free blocks that look as if they were in use: a table by address, half
 * empty. */
static uint64_t *table;
static uint64_t places; /* a power of two, or 0 */
static uint64_t count;
/* Second word of the blocks in threads' caches (tcache_key); 0: not known. */
static uint64_t key;

static uint64_t place_of(uint64_t address)
{
	return (address >> 4) * 0x9e3779b97f4a7c15ull >> 20 & (places - 1);
}

static void count_one(uint64_t block, bool cached, void *data)
{
	(void)data;
	count++;
	if (cached && !key && !memory_peek(&key, block + 8, sizeof(key)))
		key = 0;
}

static void add(uint64_t block, bool cached, void *data)
{
	uint64_t i = place_of(block);

	(void)cached;
	(void)data;
	while (table[i] && table[i] != block)
		i = (i + 1) & (places - 1);
	table[i] = block;
}

/* Where the region starts that holds the next page that was touched: most of a
 * reservation never was. An arena begins with a region. */
static uint64_t next_touched(struct picture *p, const struct map *map,
			     uint64_t start, uint64_t end)
{
	uint64_t page, region;

	if (map->untouched)
		return end;
	page = pages_next(&p->pages, start, end);
	region = page < end ? page & ~(STORE_REGION - 1) : end;
	return region > start ? region : start;
}

static uint64_t next_region(uint64_t start)
{
	uint64_t next = (start + STORE_REGION - 1) & ~(STORE_REGION - 1);

	return next == start ? next + STORE_REGION : next;
}

/* The caches of threads that share an arena, or that the child does not have,
 * are anywhere in it. */
static void list_free(struct picture *p, chunks_visit *visit)
{
	chunks_free(p->maps, p->map_count, visit, NULL);
	for (uint32_t i = 0; i < p->map_count; i++) {
		const struct map *map = &p->maps[i];
		uint64_t at = map->start, done;

		if (!map->private || map->inode || !map->readable ||
		    !map->writable)
			continue;
		while ((at = next_touched(p, map, at, map->end)) < map->end)
			at = chunks_cached(p->maps, p->map_count, map, at,
					   &done, visit, NULL)
				 ? done
				 : next_region(at);
	}
}

void inherited_begin(struct picture *p)
{
	places = count = key = 0;
	list_free(p, count_one);
	if (!count)
		return;
	for (places = 64; places < 2 * count;)
		places *= 2;
	table = own_memory_map(places * sizeof(*table));
	if (table)
		list_free(p, add);
	else
		places = 0;
}

/* Blocks of the parent that lie side by side are visited as one. */
struct run {
	const struct blocks *blocks;
	uint64_t start, end;
	inherited_visit *visit;
	void *data;
};

static void finish(struct run *r)
{
	if (r->start < r->end)
		r->visit(r->start, r->end, r->data);
	r->start = r->end = 0;
}

static void visit_used(uint64_t start, uint64_t end, void *data)
{
	struct run *r = data;
	const struct blocks *b = r->blocks;
	const uint32_t i = blocks_after(b, start);
	uint64_t word = 0, place;

	/* A chunk whose size was overwritten seems to hold blocks of the child
	 * behind it. One of no bytes ends where it starts. */
	if (i && store_block_address(&b->list[i - 1]) == start)
		end = start;
	else if (i < b->count && store_block_address(&b->list[i]) < end)
		end = store_block_address(&b->list[i]);
	/* What is free, or in the cache of a thread that the child does not
	 * have, where it has the key. A block that fills its first page may
	 * have it as a guard page: the kernel reads that. */
	if (key && start % PAGE)
		word = ((const uint64_t *)(uintptr_t)start)[1];
	else if (key)
		sys_peek(process.pid, &word, start + 8, sizeof(word));
	place = places ? place_of(start) : 0;
	while (places && table[place] && table[place] != start)
		place = (place + 1) & (places - 1);
	if (end <= start || (key && word == key) ||
	    (places && table[place] == start)) {
		finish(r);
		return;
	}
	/* Between two blocks is a chunk's size. */
	if (r->end + 8 != start) {
		finish(r);
		r->start = start;
	}
	r->end = end;
}

void inherited_walk(struct picture *p, const struct map *map, uint64_t start,
		    uint64_t end, inherited_visit *visit, void *data)
{
	struct run r = { &p->blocks, 0, 0, visit, data };

	while ((start = next_touched(p, map, start, end)) < end) {
		uint64_t next = next_region(start), done;

		if (chunks_used(p->maps, p->map_count, map, start, &done,
				visit_used, &r)) {
			finish(&r);
			start = done;
			continue;
		}
		next = next < end ? next : end;
		visit(start, next, data);
		start = next;
	}
}
