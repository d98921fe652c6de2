/* SPDX-License-Identifier: MIT */
#include "waste.h"

#include <stdlib.h>

#include "list.h"
#include "residency.h"

#define PAGE 4096ull
#define HALF (PAGE / 2)

/* glibc's chunk begins so far before the block: its size, and below that the last
 * bytes of the chunk before it. */
#define HEADER      8ull
#define CHUNK_LEAST 32ull

/* Memory of the allocator. */
struct range {
	uint64_t start, end;
	uint32_t arena; /* RKN_NONE: of none */
};

/* The page that is looked at, and the blocks on it: the chunks of first .. last
 * reach into it. */
struct page {
	uint64_t start;
	uint64_t covered; /* bytes of their chunks */
	uint64_t asked;   /* of these, asked for */
	uint32_t first, last;
	bool used;
};

struct work {
	struct waste *w;
	const struct model *m;
	const uint32_t *labels;
	struct range *ranges; /* ascending, not overlapping */
	size_t range_count;
	size_t slack; /* the next record */
	size_t range; /* the first that ends behind what is looked at */
	struct residency pages;
	uint64_t used;  /* bytes in memory of pages with a block */
	uint64_t *seen; /* of each row: the last page that counted, plus 1 */
	struct page page;
};

/* --- Chunks -------------------------------------------------------------------- */

/* Where the chunk of block `i` is; blocks come in ascending order. Of another
 * allocator than glibc's only the block is known. */
static struct range chunk_of(struct work *k, uint32_t i)
{
	const struct rkn_block *b = &k->m->blocks[i];
	uint64_t size = (b->size + HEADER + 15) & ~15ull;

	if (!k->w->glibc || b->address < HEADER || size < b->size)
		return (struct range){ b->address, b->address + b->size,
				       RKN_NONE };
	if (size < CHUNK_LEAST)
		size = CHUNK_LEAST;
	while (k->slack < k->m->slack_count && k->m->slack[k->slack].block < i)
		k->slack++;
	if (k->slack < k->m->slack_count && k->m->slack[k->slack].block == i)
		size += k->m->slack[k->slack].more;
	if (b->address > UINT64_MAX - size) /* a made-up recording */
		size = b->size + HEADER;
	return (struct range){ b->address - HEADER, b->address - HEADER + size,
			       RKN_NONE };
}

/* --- Ranges -------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return ORDER(x->start, y->start);
}

/* Those that overlap or are side by side, and of no arena, become one. */
static void join_ranges(struct work *k)
{
	size_t n = 0;

	if (k->range_count)
		qsort(k->ranges, k->range_count, sizeof(*k->ranges), by_start);
	for (size_t i = 0; i < k->range_count; i++) {
		struct range r = k->ranges[i];

		if (n && r.start < k->ranges[n - 1].end)
			r.start = k->ranges[n - 1].end;
		if (r.start >= r.end)
			continue;
		if (n && r.start == k->ranges[n - 1].end &&
		    r.arena == RKN_NONE && k->ranges[n - 1].arena == RKN_NONE)
			k->ranges[n - 1].end = r.end;
		else
			k->ranges[n++] = r;
	}
	k->range_count = n;
}

static void add_range(struct work *k, uint64_t start, uint64_t end,
		      uint32_t arena)
{
	*LIST_ADD(k->ranges, k->range_count) =
	    (struct range){ start, end, arena };
}

/* Whether the program has it from brk(), and malloc nothing there. */
static bool is_programs(const struct model *m, const struct rkn_mapped *r)
{
	const size_t i =
	    LOWER_BOUND(m->block_count, n, m->blocks[n].address < r->start);

	return r->flags & RKN_MAPPED_BREAK &&
	       (i == m->block_count || m->blocks[i].address >= r->end);
}

/* An arena, without what the program itself took between its parts. */
static void add_arena(struct work *k, const struct rkn_arena *a)
{
	const struct model *m = k->m;
	const uint32_t number =
	    a->number < k->w->arena_count ? a->number : RKN_NONE;
	uint64_t start = a->start;

	for (size_t i = 0; i < m->mapped_count; i++) {
		const struct rkn_mapped *r = &m->mapped[i];

		if (r->start < start || r->end > a->end || !is_programs(m, r))
			continue;
		add_range(k, start, r->start, number);
		start = r->end;
	}
	add_range(k, start, a->end, number);
}

/* With glibc: its arenas, and the pages of each block elsewhere. */
static void find_arenas(struct work *k)
{
	const struct model *m = k->m;
	size_t a = 0;

	for (size_t i = 0; i < m->arena_count; i++)
		add_arena(k, &m->arenas[i]);
	for (uint32_t i = 0; i < m->block_count; i++) {
		const struct range c = chunk_of(k, i);

		while (a < m->arena_count && m->arenas[a].end <= c.start)
			a++;
		if (a < m->arena_count && m->arenas[a].start <= c.start)
			continue;
		k->w->own_mappings++;
		add_range(k, c.start & ~(PAGE - 1),
			  (c.end + PAGE - 1) & ~(PAGE - 1), RKN_NONE);
	}
	k->slack = 0;
}

/* Else: anonymous mappings in which blocks are. */
static void find_mappings(struct work *k)
{
	const struct model *m = k->m;
	uint32_t b = 0;

	for (size_t i = 0; i < m->mapping_count; i++) {
		const struct rkn_mapping *r = &m->mappings[i];

		while (b < m->block_count && m->blocks[b].address < r->start)
			b++;
		if (b < m->block_count && m->blocks[b].address < r->end &&
		    (r->kind == RKN_MAPPING_OTHER ||
		     r->kind == RKN_MAPPING_HEAP))
			add_range(k, r->start, r->end, RKN_NONE);
	}
}

/* --- Pages ---------------------------------------------------------------------- */

/* So many bytes there are not free, and so many more are free in pages with a
 * block. */
static void take_from_arena(struct work *k, uint64_t address, uint64_t bytes,
			    uint64_t left)
{
	struct waste_arena *a;

	while (k->range < k->range_count && k->ranges[k->range].end <= address)
		k->range++;
	if (k->range == k->range_count || k->ranges[k->range].start > address ||
	    k->ranges[k->range].arena == RKN_NONE)
		return;
	a = &k->w->arenas[k->ranges[k->range].arena];
	a->free -= bytes < a->free ? bytes : a->free;
	bytes += left;
	a->empty -= bytes < a->empty ? bytes : a->empty;
}

/* The free bytes of a page belong to its blocks, each the same part: if one of
 * them were gone, the others would hold the page all the same. */
static void share(struct work *k, const struct page *p, uint64_t bytes)
{
	const uint64_t n = p->last - p->first + 1ull;
	bool sole = true;

	k->w->pinned += bytes;
	k->w->pinned_pages++;
	for (uint64_t i = 0; i < n; i++) {
		const uint32_t label = k->labels[p->first + i];
		struct waste_row *row = &k->w->rows[label];

		row->pinned += bytes / n + (i < bytes % n);
		row->pages += k->seen[label] != p->start + 1;
		k->seen[label] = p->start + 1;
		sole &= label == k->labels[p->first];
	}
	if (sole)
		k->w->rows[k->labels[p->first]].sole += bytes;
}

/* No more blocks are on the page. */
static void end_page(struct work *k)
{
	const struct page p = k->page;
	const uint64_t covered = p.covered < PAGE ? p.covered : PAGE;
	const uint64_t left = PAGE - covered;
	struct waste *w = k->w;

	k->page.used = false;
	if (!p.used)
		return;
	if (!residency_of(&k->pages, p.start, p.start + PAGE)) {
		w->absent += p.asked;
		return;
	}
	k->used += PAGE;
	w->alive += p.asked;
	w->slack += covered > p.asked ? covered - p.asked : 0;
	take_from_arena(k, p.start, covered, left);
	if (left < HALF)
		w->between += left;
	else
		share(k, &p, left);
}

/* How much of [start, end) is in the page. */
static uint64_t part_in(uint64_t page, uint64_t start, uint64_t end)
{
	const uint64_t from = start > page ? start : page;
	const uint64_t to = end < page + PAGE ? end : page + PAGE;

	return from < to ? to - from : 0;
}

static void add_to_page(struct work *k, uint64_t page, uint32_t block,
			const struct range *chunk)
{
	const struct rkn_block *b = &k->m->blocks[block];

	if (!k->page.used || k->page.start != page) {
		end_page(k);
		k->page = (struct page){ .start = page,
					 .first = block,
					 .used = true };
	}
	k->page.last = block;
	k->page.covered += part_in(page, chunk->start, chunk->end);
	k->page.asked += part_in(page, b->address, b->address + b->size);
}

/* Pages that are only one block's; its bytes end at `asked`, and what is behind
 * is malloc's. */
static void add_whole_pages(struct work *k, uint64_t start, uint64_t end,
			    uint64_t asked)
{
	const uint64_t middle = asked < start ? start
				: asked < end ? asked
					      : end;
	const uint64_t alive = residency_of(&k->pages, start, middle);
	const uint64_t slack = residency_of(&k->pages, middle, end);

	take_from_arena(k, start, alive + slack, 0);
	k->used += alive + slack;
	k->w->alive += alive;
	k->w->slack += slack;
	k->w->absent += middle - start - alive;
}

/* What a block's chunk has beside it, in memory as far as that is known. */
static uint64_t slack_of(struct work *k, const struct rkn_block *b,
			 const struct range *chunk)
{
	const uint64_t end = b->address + b->size;
	const uint64_t slack = chunk->end - chunk->start - b->size;

	if (!k->w->known || chunk->end <= end)
		return slack;
	return b->address - chunk->start +
	       residency_of(&k->pages, end, chunk->end);
}

static void add_block(struct work *k, uint32_t i)
{
	const struct rkn_block *b = &k->m->blocks[i];
	const struct range c = chunk_of(k, i);
	const uint64_t size = c.end - c.start;
	const uint64_t first = c.start & ~(PAGE - 1);
	const uint64_t last = (size ? c.end - 1 : c.end) & ~(PAGE - 1);
	struct waste_row *row = &k->w->rows[k->labels[i]];
	uint64_t slack;

	if (k->w->known)
		add_to_page(k, first, i, &c);
	if (k->w->known && last > first) {
		end_page(k);
		if (last > first + PAGE)
			add_whole_pages(k, first + PAGE, last,
					b->address + b->size);
		add_to_page(k, last, i, &c);
	}
	slack = slack_of(k, b, &c);
	row->blocks++;
	row->bytes += b->size;
	row->slack += slack;
	k->w->all_slack += slack;
}

/* --- Sums -------------------------------------------------------------------------- */

static void sum_mappings(struct waste *w, const struct model *m)
{
	uint64_t *const sums[] = {
		[RKN_MAPPING_OTHER] = &w->mapped,
		[RKN_MAPPING_HEAP] = &w->mapped,
		[RKN_MAPPING_STACK] = &w->stacks,
		[RKN_MAPPING_MODULE] = &w->modules,
		[RKN_MAPPING_FILE] = &w->files,
		[RKN_MAPPING_KERNEL] = &w->modules,
	};

	for (size_t i = 0; i < m->mapping_count; i++) {
		const struct rkn_mapping *r = &m->mappings[i];

		if (r->resident == RKN_NOT_KNOWN) {
			w->unknown++;
			continue;
		}
		*sums[r->kind] += r->resident;
		w->resident += r->resident;
		w->swapped += r->swapped;
	}
}

/* What of the allocator's memory is in memory: taken from the sums of mappings in
 * which it is. */
static void sum_heap(struct work *k)
{
	const struct model *m = k->m;
	struct waste *w = k->w;
	size_t mapping = 0;

	for (size_t i = 0; i < k->range_count; i++) {
		const struct range *r = &k->ranges[i];
		const uint64_t bytes =
		    residency_of(&k->pages, r->start, r->end);
		uint64_t *from = &w->mapped;

		while (mapping < m->mapping_count &&
		       m->mappings[mapping].end <= r->start)
			mapping++;
		if (mapping < m->mapping_count &&
		    m->mappings[mapping].kind == RKN_MAPPING_MODULE)
			from = &w->modules;
		else if (mapping < m->mapping_count &&
			 m->mappings[mapping].kind == RKN_MAPPING_STACK)
			from = &w->stacks;
		w->heap += bytes;
		*from -= bytes < *from ? bytes : *from;
		if (r->arena == RKN_NONE)
			continue;
		w->arenas[r->arena].resident += bytes;
		w->arenas[r->arena].free += bytes;
		w->arenas[r->arena].empty += bytes;
	}
	k->pages.next = 0;
}

#define ARENAS_MOST (1u << 16) /* as the shim follows them */
static void make_arenas(struct waste *w, const struct model *m)
{
	for (size_t i = 0; i < m->arena_count; i++)
		if (m->arenas[i].number >= w->arena_count &&
		    m->arenas[i].number < ARENAS_MOST)
			w->arena_count = m->arenas[i].number + 1ull;
	w->arenas = xcalloc(w->arena_count + 1, sizeof(*w->arenas));
}

void waste_make(struct waste *w, const struct model *m, const uint32_t *labels,
		size_t count)
{
	struct work k = {
		.w = w, .m = m, .labels = labels, .pages = { .m = m }
	};

	*w = (struct waste){
		.glibc = !(m->meta.flags & RKN_META_FOREIGN_MALLOC) &&
			 m->arena_count,
		.held = m->mapping_count,
		.known = m->mapping_count && (m->page_count || !m->block_count),
		.inherited = m->meta.flags & RKN_META_FORKED,
		.own = m->meta.own_bytes,
		.blocks = m->block_count,
		.rows = xcalloc(count + 1, sizeof(*w->rows)),
		.row_count = count,
	};
	make_arenas(w, m);
	k.seen = xcalloc(count + 1, sizeof(*k.seen));
	sum_mappings(w, m);
	if (w->known && w->glibc)
		find_arenas(&k);
	else if (w->known)
		find_mappings(&k);
	join_ranges(&k);
	sum_heap(&k);
	for (uint32_t i = 0; i < m->block_count; i++) {
		w->bytes += m->blocks[i].size;
		add_block(&k, i);
	}
	end_page(&k);
	w->empty = w->heap > k.used ? w->heap - k.used : 0;
	free(k.ranges);
	free(k.seen);
}

void waste_release(struct waste *w)
{
	free(w->rows);
	free(w->arenas);
	*w = (struct waste){ 0 };
}
