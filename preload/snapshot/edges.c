/* SPDX-License-Identifier: MIT */
/* The pointers between blocks. */

#include "compiler.h"
#include "contexts.h"
#include "edge_stream.h"
#include "heap.h"
#include "memory.h"
#include "picture.h"
#include "stop.h"
#include "unheld.h"

#define PAGE  4096ull
#define PIECE (32ull << 10) /* copied at once */
#define LARGE (4ull << 20)  /* blocks from here on may be mostly untouched */

/*
 * Words that may be pointers, not looked up yet: the index is larger than the
 * processor's cache, so each is prefetched when it comes, and all are looked up
 * when BATCH of them are there.
 */
#define BATCH 64

struct word {
	uint64_t value;
	uint64_t number; /* in its block, in units of 8 bytes */
	const struct blocks_entry *entry;
	uint32_t from;
};

static struct queue {
	struct word words[BATCH];
	unsigned count;
	/* The block into whose middle a pointer led last: the next is often
	 * there. */
	uint64_t start, size;
	uint32_t block;
} queue;

static inline uint32_t find(const struct blocks *b, struct queue *q,
			    const struct word *w, uint64_t *offset)
{
	uint32_t to = q->block;

	*offset = w->value - q->start;
	if (*offset < q->size)
		return to;
	to = blocks_find_by(b, w->entry, w->value, offset);
	if (to != BLOCKS_NONE && *offset) {
		q->start = w->value - *offset;
		q->size = store_block_size(&b->list[to]);
		q->block = to;
	}
	return to;
}

static void hold_words(struct picture *p, struct queue *q)
{
	uint64_t offset;

	for (unsigned i = 0; i < q->count; i++) {
		const uint32_t to = find(&p->blocks, q, &q->words[i], &offset);

		if (to != BLOCKS_NONE)
			picture_hold(p->held, to);
	}
}

/* What an edge itself does not say. */
static inline void note_place(struct picture *p, const struct word *w,
			      uint32_t to, uint64_t offset)
{
	if (offset && !inner_is_nothing(p, to, offset))
		inner_note(p, to, offset);
	if (unlikely(w->number >= RKN_SEE_WIDE || offset >= RKN_SEE_WIDE))
		wide_note(p, RKN_WIDE_EDGE, w->number, offset);
}

static void add_edges(struct picture *p, struct queue *q)
{
	struct store_header *h = store.header;
	const uint8_t *room =
	    picture_list_room(&p->edges, BATCH * EDGE_STREAM_MOST);
	uint8_t *at = (uint8_t *)(uintptr_t)room;
	struct rkn_edge last = p->last;

	for (unsigned i = 0; room && i < q->count; i++) {
		const struct word *w = &q->words[i];
		uint64_t offset;
		const uint32_t to = find(&p->blocks, q, w, &offset);
		const struct rkn_edge e = { w->from, to, wide_narrow(w->number),
					    wide_narrow(offset) };

		if (to == BLOCKS_NONE)
			continue;
		at = edge_stream_put(at, &last, &e);
		last = e;
		h->edges++;
		note_place(p, w, to, offset);
	}
	p->last = last;
	h->tables[STORE_EDGES].count += (uint64_t)(at - room);
}

static void drain(struct picture *p, struct queue *q)
{
	if (p->held)
		hold_words(p, q);
	else
		add_edges(p, q);
	q->count = 0;
}

static inline void queue_word(struct picture *p, uint32_t i, uint64_t word,
			      uint64_t number)
{
	struct word *place = &queue.words[queue.count++];

	*place = (struct word){
		.value = word,
		.number = number,
		.entry = blocks_entry(&p->blocks, word),
		.from = i,
	};
	__builtin_prefetch(place->entry);
	if (queue.count == BATCH)
		drain(p, &queue);
}

/* The same for blocks and for mappings. */
static NOINLINE void search_both(struct picture *p, uint32_t i, uint64_t base,
				 uint64_t at, uint64_t end,
				 const uint64_t *words)
{
	const struct unheld *const u = p->unheld;
	const uint64_t least = p->blocks.least;
	const uint64_t span = p->blocks.most - least;

	for (; at + 8 <= end; at += 8, words++)
		if (unheld_is_worth(u, *words)) {
			unheld_look(p, u, *words, at);
			if (*words - least < span)
				queue_word(p, i, *words, (at - base) / 8);
		}
}

/* `words` is the memory from `start` on, or a copy. */
static void search(struct picture *p, uint32_t i, uint64_t start, uint64_t end,
		   const uint64_t *words)
{
	const uint64_t base = store_block_address(&p->blocks.list[i]) & ~7ull;
	const uint64_t least = p->blocks.least;
	const uint64_t span = p->blocks.most - least;

	if (start == base && start < end && p->first)
		first_note(p, i, words, (end - start) / 8);
	if (unlikely(p->unheld)) {
		search_both(p, i, base, start, end, words);
		return;
	}
	for (uint64_t at = start; at + 8 <= end; at += 8, words++)
		if (*words - least < span)
			queue_word(p, i, *words, (at - base) / 8);
}

/* Searches a page or a part of one: `readable`, or what the program itself may
 * not read at present. */
static void search_fetched(struct picture *p, uint32_t i, uint64_t start,
			   uint64_t end, bool readable)
{
	static APART uint64_t words[PAGE / 8];
	uint64_t size = end - start;
	bool got = readable && p->copies
		       ? memory_peek(words, start, size)
		       : pages_read(&p->pages, words, start, size);

	if (got)
		search(p, i, start, end, words);
	else if (pages_touched(&p->pages, start))
		p->limits[RKN_LIMIT_UNREADABLE] += size;
}

static void search_readable(struct picture *p, uint32_t i, uint64_t start,
			    uint64_t end)
{
	static APART uint64_t words[PIECE / 8];
	uint64_t from = (start + PAGE - 1) & ~(PAGE - 1);
	uint64_t to = end & ~(PAGE - 1);

	if (stop_runs) {
		/* A thread runs, and may give back the memory at any time. */
		for (uint64_t at = start, next; at < end; at = next) {
			next = memory_page_end(at, end);
			search_fetched(p, i, at, next, true);
		}
		return;
	}
	if (from >= to || !p->copies) {
		search(p, i, start, end, (const void *)(uintptr_t)start);
		return;
	}
	search(p, i, start, from, (const void *)(uintptr_t)start);
	/* A page that is listed as readable may fault all the same: a guard
	 * page, or one whose protection key forbids it. A program can do so
	 * with a page that lies as a whole in its block: the kernel copies
	 * those, or refuses. */
	for (uint64_t at = from, next; at < to; at = next) {
		next = to - at > PIECE ? at + PIECE : to;
		if (memory_peek(words, at, next - at)) {
			search(p, i, at, next, words);
			continue;
		}
		for (; at < next; at += PAGE)
			search_fetched(p, i, at, at + PAGE, true);
	}
	search(p, i, to, end, (const void *)(uintptr_t)to);
}

/* Searches page by page, without those that were never touched. */
static void search_pages(struct picture *p, uint32_t i, uint64_t start,
			 uint64_t end, bool readable)
{
	for (uint64_t at = start, next; at < end; at = next) {
		at = pages_next(&p->pages, at, end);
		if (at == end)
			return;
		next = memory_page_end(at, end);
		if (!pages_touched(&p->pages, at))
			continue;
		if (!readable) {
			search_fetched(p, i, at, next, false);
			continue;
		}
		while (next < end && next - at < PIECE &&
		       pages_touched(&p->pages, next))
			next = memory_page_end(next, end);
		search_readable(p, i, at, next);
	}
}

/* Searches without what a coroutine has left below its stack pointer. */
static void search_used(struct picture *p, uint32_t i, uint64_t at,
			uint64_t end, bool readable)
{
	const bool small =
	    readable && store_block_size(&p->blocks.list[i]) < LARGE;

	for (uint64_t from, to; at < end; at = to) {
		if (!contexts_dead(at, end, &from, &to))
			from = to = end;
		if (small)
			search_readable(p, i, at, from);
		else
			search_pages(p, i, at, from, readable);
	}
}

/* Searches mapping by mapping: programs protect parts of their blocks. */
static uint32_t search_block(struct picture *p, uint32_t i, uint32_t m)
{
	const struct store_block *b = &p->blocks.list[i];
	const uint64_t address = store_block_address(b);
	uint64_t end, at = (address + 7) & ~7ull;

	while (m < p->map_count && p->maps[m].end <= address)
		m++;
	if (m == p->map_count || p->maps[m].start > address)
		return m;
	/* A pointer lies in the bytes that the program asked for: behind them
	 * is what the block held before it shrank, or what others held there
	 * before. */
	end =
	    address + (p->maps[m].readable && !stop_runs ? heap_usable(b)
							 : store_block_size(b));
	/* Most blocks: no page lies in it as a whole. */
	if (likely(end - address < PAGE && end <= p->maps[m].end &&
		   p->maps[m].readable && !stop_runs && !contexts_count)) {
		search(p, i, at, end, (const void *)(uintptr_t)at);
		return m;
	}
	for (uint32_t n = m; n < p->map_count && at < end; n++) {
		uint64_t stop = end < p->maps[n].end ? end : p->maps[n].end;

		if (p->maps[n].start > at)
			break;
		search_used(p, i, at, stop, p->maps[n].readable);
		at = stop;
	}
	return m;
}

static bool is_skipped(const struct picture *p, uint32_t i)
{
	return p->skipped && p->skipped[i / 8] >> i % 8 & 1;
}

void edges_search(struct picture *p)
{
	uint32_t m = 0;

	queue.size = 0;
	for (uint32_t i = 0; i < p->blocks.count && !p->edges.cut; i++)
		if (!is_skipped(p, i))
			m = search_block(p, i, m);
	drain(p, &queue);
}

void edges_follow(struct picture *p)
{
	struct picture_held *h = p->held;

	queue.size = 0;
	while (h->read < h->end) {
		while (h->read < h->end) {
			uint32_t i = h->queue[h->read++];
			uint64_t at = store_block_address(&p->blocks.list[i]);

			if (!is_skipped(p, i))
				search_block(
				    p, i,
				    maps_behind(p->maps, p->map_count, at));
		}
		drain(p, &queue);
	}
}
