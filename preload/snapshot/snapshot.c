/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <string.h>
#include <time.h>

#include "chunks.h"
#include "compiler.h"
#include "contexts.h"
#include "edge_stream.h"
#include "gone.h"
#include "heap.h"
#include "mapped.h"
#include "members.h"
#include "memory.h"
#include "own_memory.h"
#include "picture.h"
#include "references.h"
#include "thread.h"
#include "unheld.h"

#define MAPS_MOST 65536u

/* The kernel divides the heap of a forked child, as its pages become its own:
 * an arena is one piece all the same. */
static bool is_continued(const struct picture *p, const struct map *map)
{
	const struct map *before = map - 1;

	if (!p->map_count || before->end != map->start || map->inode ||
	    !map->writable || !before->writable || !before->private)
		return false;
	if (strcmp(map->name, "[heap]") == 0)
		return strcmp(before->name, map->name) == 0;
	return !*map->name && !before->inode &&
	       heap_arena_end(map->start, p->maps, p->map_count) > map->start;
}

/*
 * All mappings, after every allocation of the snapshot's own but its lists. A
 * process that dropped its privileges may not see its pages: there the list
 * itself has to say which mappings are mere reservations.
 */
static bool read_maps(struct picture *p)
{
	bool told = pages_known(&p->pages);
	struct maps m;

	p->maps = own_memory_map(MAPS_MOST * sizeof(*p->maps));
	p->map_count = 0;
	if (!p->maps || ((told || !maps_open_sizes(&m)) && !maps_open(&m)))
		return false;
	while (p->map_count < MAPS_MOST &&
	       maps_next(&m, &p->maps[p->map_count])) {
		struct map *map = &p->maps[p->map_count];

		if (is_continued(p, map)) {
			map[-1].end = map->end;
			map[-1].untouched &= map->untouched;
			if (map->resident == MAPS_SOMEWHERE)
				map[-1].resident = MAPS_SOMEWHERE;
			else if (map[-1].resident != MAPS_SOMEWHERE)
				map[-1].resident += map->resident;
		} else {
			p->map_count++;
		}
	}
	maps_close(&m);
	/* For pages that cannot be seen. */
	for (uint32_t i = 0; i < p->map_count; i++) {
		const struct map *map = &p->maps[i];

		if (map->private && !map->inode)
			pages_note(&p->pages, map->start, map->end,
				   map->resident);
	}
	return p->map_count > 0 && p->map_count < MAPS_MOST;
}

static bool collect_blocks(struct picture *p, bool kept)
{
	struct picture_list slack;
	uint64_t free;

	if (!blocks_list(&p->blocks, kept, p->stop.running || p->stop.unread))
		return false;
	/* A thread that runs has freed them meanwhile. */
	picture_list_init(&slack, STORE_SLACK);
	free = chunks_sift(&p->blocks, p->maps, p->map_count,
			   kept && !stop_runs ? &slack : NULL);
	if (kept)
		picture_list_end(&slack);
	if (!stop_runs)
		p->limits[RKN_LIMIT_FREE_CHUNK] += free;
	return blocks_index(&p->blocks);
}

static void open_memory(struct picture *p)
{
	pages_open(&p->pages);
	p->copies = memory_is_copied();
}

/* Which threads are there still. */
static void note_threads(void)
{
	const struct store_table *t = &store.header->tables[STORE_AREAS];

	for (uint64_t i = 1; i < t->count && i < t->capacity; i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);
		const struct stopped *s = a ? members_find(a->tid) : NULL;
		struct rkn_thread *r =
		    s ? store_record(STORE_THREADS, a->serial) : NULL;

		if (r)
			r->flags = s->task
				       ? RKN_THREAD_ALIVE
				       : RKN_THREAD_ALIVE | RKN_THREAD_STOPPED;
	}
}

/* Is there nothing that could be found, and nobody who could make it meanwhile? */
static bool is_in_vain(const struct picture *p)
{
	const struct store_table *t = store.header->tables;

	return t[STORE_CHUNKS].count <= 1 && t[STORE_OBJECTS].count <= 1 &&
	       t[STORE_MAPPED].count <= 1 && p->stop.count == 1 &&
	       !p->stop.running;
}

static void search_nothing(struct picture *p)
{
	if (!members_init(&p->stop)) {
		p->limits[RKN_LIMIT_SNAPSHOT_CUT]++;
		return;
	}
	note_threads();
	/* There is a list, and no block in it. */
	store.header->tables[STORE_BLOCKS].offset = sizeof(*store.header);
	store_flag(RKN_META_SNAPSHOT);
}

static void search_open(struct picture *p)
{
	if (!read_maps(p)) {
		p->limits[RKN_LIMIT_NO_MAPS]++;
		return;
	}
	if (!members_init(&p->stop) || !collect_blocks(p, true)) {
		p->limits[RKN_LIMIT_SNAPSHOT_CUT]++;
		return;
	}
	resident_note(p);
	note_threads();
	contexts_collect(&p->stop);
	tls_find(p);
	unheld_begin(p);
	roots_search(p);
	declared_roots_search(p);
	gone_search(p);
	references_read_counters(&p->pages, p->limits);
	first_open(p);
	edges_search(p);
	unheld_end(p);
	picture_list_finish(p, &p->roots);
	picture_list_finish(p, &p->edges);
	wide_finish(p);
	first_finish(p);
	contents_note(p);
	live_note(p);
	tls_finish(p);
	p->limits[RKN_LIMIT_LOST_FREE] += p->blocks.lost;
	if (!p->roots.cut && !p->edges.cut)
		store_flag(RKN_META_SNAPSHOT);
}

void snapshot_take(const struct stopped *self)
{
	struct store_header *h = store.header;
	uint64_t start = sys_clock(CLOCK_MONOTONIC);
	struct picture *p = own_memory_map(sizeof(*p)); /* it is large */

	if (!p)
		return;
	h->state = STORE_SNAPSHOT;
	p->limits = h->limits;
	p->limits[RKN_LIMIT_THREADS_FULL] += process.missed;
	if (process.forked)
		p->limits[RKN_LIMIT_INHERITED]++;
	mapped_settle();
	stop_begin(&p->stop);
	h->meta.stop_ns = sys_clock(CLOCK_MONOTONIC) - start;
	p->limits[RKN_LIMIT_THREAD_RUNNING] += p->stop.running + self->moves;
	WRITE_ONCE(process_page.epoch, 0);
	stop_add(&p->stop, self);
	if (is_in_vain(p) && (p->copies = memory_is_copied())) {
		search_nothing(p);
	} else {
		picture_list_init(&p->roots, STORE_ROOTS);
		picture_list_init(&p->edges, STORE_EDGES);
		p->last = EDGE_STREAM_START;
		open_memory(p);
		search_open(p);
		pages_close(&p->pages);
	}
	p->limits[RKN_LIMIT_UNREAD_REGISTERS] += p->stop.unread;
	p->limits[RKN_LIMIT_THREAD_RUNNING] += stop_gone_on(&p->stop);
	unseen_note(p);
	thread_publish_all();
	h->meta.root_bytes = p->root_bytes;
	p->limits[RKN_LIMIT_INHERITED_BYTES] += p->inherited_bytes;
	stop_end(!(h->meta.flags & RKN_META_AT_CALL));
	h->meta.snapshot_ns = sys_clock(CLOCK_MONOTONIC) - start;
}

/* --- Only what is lost ------------------------------------------------------------ */

static bool find_lost(struct picture *p, struct snapshot_lost *lost)
{
	struct picture_held *held = own_memory_map(sizeof(*held));

	p->limits = own_memory_map(RKN_LIMITS * sizeof(*p->limits));
	if (!p->limits || !held || !read_maps(p) || !members_init(&p->stop) ||
	    !collect_blocks(p, false))
		return false;
	held->bits = own_memory_map(p->blocks.count / 8 + 1);
	held->queue =
	    own_memory_map((p->blocks.count + 1ul) * sizeof(*held->queue));
	if (!held->bits || !held->queue)
		return false;
	p->held = held;
	roots_search(p);
	declared_roots_search(p);
	edges_follow(p);
	for (uint32_t i = 0; i < p->blocks.count; i++)
		if (!(held->bits[i / 8] >> i % 8 & 1)) {
			lost->blocks++;
			lost->bytes += store_block_size(&p->blocks.list[i]);
		}
	return true;
}

bool snapshot_find_lost(const struct stopped *self, struct snapshot_lost *lost)
{
	struct own_memory_while memory;
	struct picture *p;
	struct stop stop;
	bool found = false;

	stop_begin(&stop);
	if (stop.threads && !stop.running && !stop.unread && !self->moves) {
		stop_add(&stop, self);
		contexts_collect(&stop); /* in memory that stays */
		memory = own_memory_begin();
		p = own_memory_map(sizeof(*p));
		if (p) {
			p->stop = stop;
			open_memory(p);
			found = find_lost(p, lost);
			pages_close(&p->pages);
		}
		own_memory_end(&memory);
	}
	stop_end(false);
	return found;
}
