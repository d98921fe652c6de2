/* SPDX-License-Identifier: MIT */
/*
 * What the kernel holds of the process at the snapshot: the numbers behind
 * "resident", and which pages they are.  From /proc/self/pagemap, eight bytes for
 * each page that is mapped; nothing is changed, and nothing is read of what pages
 * hold.
 */
#include <string.h>

#include "chunks.h"
#include "members.h"
#include "modules.h"
#include "own_memory.h"
#include "picture.h"

#define PAGE 4096ull

/* Of mappings with memory of refknot's own in the middle, which is left out. */
#define MORE_RECORDS 64u

struct resident {
	struct rkn_mapping *list; /* in the store */
	uint32_t count, most;
	struct picture_list pages;
	struct rkn_pages *last; /* of them */
};

static enum rkn_mapping_kind kind_of(const struct map *m)
{
	if (strcmp(m->name, "[heap]") == 0)
		return RKN_MAPPING_HEAP;
	if (strncmp(m->name, "[v", 2) == 0)
		return RKN_MAPPING_KERNEL;
	if (modules_find(m->start) != RKN_NONE)
		return RKN_MAPPING_MODULE;
	if (m->inode || !m->private)
		return RKN_MAPPING_FILE;
	if (strcmp(m->name, "[stack]") == 0 || members_on(m->start, m->end))
		return RKN_MAPPING_STACK;
	return RKN_MAPPING_OTHER;
}

static void note_page(struct resident *r, uint64_t page)
{
	if (r->last && r->last->end == page) {
		r->last->end += PAGE;
		return;
	}
	r->last = picture_list_add(&r->pages);
	if (r->last)
		*r->last = (struct rkn_pages){ page, page + PAGE };
}

/* Counts the pages of a record, and lists those of anonymous memory. */
static void count_pages(struct picture *p, struct resident *r,
			const struct map *map, struct rkn_mapping *to)
{
	const bool anonymous = map->private && !map->inode;
	/* A thread's stack may be one mapping with what malloc has. */
	const bool listed = anonymous && strcmp(map->name, "[stack]") != 0;

	for (uint64_t at = to->start; at < to->end; at += PAGE) {
		at = pages_next(&p->pages, at, to->end);
		if (at >= to->end)
			return;
		switch (pages_state(&p->pages, at, anonymous)) {
		case PAGES_RESIDENT:
			to->resident += PAGE;
			if (listed)
				note_page(r, at);
			break;
		case PAGES_SWAPPED:
			to->swapped += PAGE;
			break;
		case PAGES_ABSENT:
			break;
		}
	}
}

static struct rkn_mapping *next_record(struct resident *r)
{
	const uint64_t size = sizeof(*r->list);

	if (r->count == r->most ||
	    !store_ready(store_offset(&r->list[r->count]), size))
		return NULL;
	return &r->list[r->count++];
}

/* [start, end) of the mapping. */
static void note_piece(struct picture *p, struct resident *r,
		       const struct map *map, uint64_t start, uint64_t end,
		       enum rkn_mapping_kind kind)
{
	struct rkn_mapping *to = start < end ? next_record(r) : NULL;

	if (!to)
		return;
	*to = (struct rkn_mapping){ .start = start, .end = end, .kind = kind };
	if (*map->name &&
	    (kind == RKN_MAPPING_FILE || kind == RKN_MAPPING_OTHER))
		to->name = store_text(map->name, strlen(map->name));
	if (map->untouched)
		return;
	if (pages_known(&p->pages))
		count_pages(p, r, map, to);
	else if (start == map->start && end == map->end)
		to->resident = map->resident;
	else
		to->resident = RKN_NOT_KNOWN;
}

static void note_map(struct picture *p, struct resident *r,
		     const struct map *map)
{
	const enum rkn_mapping_kind kind = kind_of(map);
	uint64_t at = map->start, from, to;

	while (at < map->end && own_memory_find(at, map->end, &from, &to)) {
		note_piece(p, r, map, at, from, kind);
		at = to;
	}
	note_piece(p, r, map, at, map->end, kind);
}

static bool is_of_store(const struct map *map)
{
	const uint64_t own = (uint64_t)(uintptr_t)store.header;

	return map->start < own + store.mapped && map->end > own;
}

static void note_part(uint64_t start, uint64_t end, uint64_t top,
		      uint32_t number, void *list)
{
	struct rkn_arena *a = picture_list_add(list);

	if (a)
		*a = (struct rkn_arena){ start, end, top, number, 0 };
}

void resident_note(struct picture *p)
{
	struct store_table *t = &store.header->tables[STORE_MAPPINGS];
	const uint64_t least = p->pages.least;
	struct picture_list arenas;
	struct resident r = { .most = p->map_count + MORE_RECORDS };

	t->offset = store_take(r.most * t->record_size);
	if (!t->offset)
		return;
	r.list = store_at(t->offset);
	picture_list_init(&r.pages, STORE_PAGES);
	/* Nearly all pages are asked for: as few calls as can be. */
	p->pages.least = PAGES_BATCH;
	for (uint32_t i = 0; i < p->map_count; i++)
		if (!is_of_store(&p->maps[i]))
			note_map(p, &r, &p->maps[i]);
	p->pages.least = least;
	t->count = t->capacity = r.count;
	picture_list_end(&r.pages);
	picture_list_init(&arenas, STORE_ARENAS);
	chunks_parts(p->maps, p->map_count, note_part, &arenas);
	picture_list_end(&arenas);
}
