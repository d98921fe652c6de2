/* SPDX-License-Identifier: MIT */
#include "chunks.h"

#include <string.h>

#include "heap.h"
#include "memory.h"
#include "own_memory.h"
#include "picture.h"
#include "real.h"
#include "stop.h"

#define PAGE  4096ull
#define LEAST LEFTOVERS_CHUNK_LEAST

/*
 * A chunk begins 16 bytes before its block: with the size of the chunk before
 * it, if that is free, and its own size, whose low bits say so and where the
 * chunk comes from (malloc/malloc.c).
 */
#define HEADER        16ull
#define BEFORE_USED   1ull /* the chunk before it is not free */
#define OWN_MAPPING   2ull
#define OTHER_ARENA   4ull
#define SIZE_OF(head) ((head) & ~7ull)
#define FORWARD       16ull /* of a free chunk: its links in a list */
#define BACK          24ull

#define LEAST_MAPPING (128ull << 10) /* unless the program says less */

/* struct malloc_state: offsets since glibc 2.27. */
#define FAST_BINS   10
#define FAST_OFFSET 16
#define TOP_OFFSET  96
#define NEXT_OFFSET 2160
#define STATE_SIZE  2200
#define ARENAS_MOST 65536
#define STEPS_MOST  65536 /* chunks between two */

/* struct tcache_perthread_struct since glibc 2.30, in a chunk of its own: how
 * many chunks of each size, and the first of each. */
#define CACHE_BINS 64
#define CACHE_MOST 4096 /* chunks of a size: 7 unless a tunable says more */
struct cache {
	uint16_t counts[CACHE_BINS];
	uint64_t entries[CACHE_BINS];
};
#define CACHE_CHUNK 0x290ull

struct chunks {
	const struct map *maps;
	uint32_t count;
	const struct map *last;     /* where one was found last */
	uint64_t plain, plain_size; /* what can be read as it is, as found last
				     */
	uint64_t known;             /* a chunk below the next block; 0: none */
	uint32_t kept;              /* blocks so far that stay */
	struct picture_list *slack; /* of them; NULL: it is not asked */
	chunks_visit *visit;
	void *data;
};

/* The mapping around `address`; NULL: none. */
static const struct map *map_at(struct chunks *c, uint64_t address)
{
	const struct map *m = c->last;

	if (!m || address < m->start || address >= m->end)
		m = memory_map(c->maps, c->count, address);
	if (m)
		c->last = m;
	return m;
}

/* Notices where a chain of links leads back to itself, as damaged memory may:
 * what it came to after 1, 2, 4, 8 .. links is kept, and looked for in the next
 * ones (Brent). */
struct trail {
	uint64_t mark; /* 0: none */
	uint32_t steps, most;
};

static bool is_circle(struct trail *t, uint64_t at)
{
	if (at == t->mark)
		return true;
	if (t->steps++ == t->most)
		*t = (struct trail){ at, 0, 2 * t->most + 1 };
	return false;
}

enum found {
	ABSENT,  /* no mapping is there */
	UNKNOWN, /* it must not be read */
	READ,
};

static enum found read_word(struct chunks *c, uint64_t at, uint64_t *word)
{
	const struct map *m;

	/* Most are in one mapping. */
	if (likely(at - c->plain < c->plain_size && at % 8 == 0)) {
		*word = *(const uint64_t *)(uintptr_t)at;
		return READ;
	}
	m = map_at(c, at);
	if (!m || at % 8)
		return ABSENT;
	if (!m->readable || m->inode) /* the file may have become shorter */
		return UNKNOWN;
	if (!stop_runs) {
		c->plain = m->start;
		c->plain_size = m->end - m->start;
	}
	return stop_read(word, at, 8) ? READ : UNKNOWN;
}

/*
 * The chunk's header says that the one before it is free: but if that has grown
 * over this one, and been divided since, no header leads to it any longer. What
 * makes no sense is a chunk that is being divided.
 */
static bool is_swallowed(struct chunks *c, uint64_t chunk)
{
	uint64_t size, head, at;

	if (read_word(c, chunk, &size) != READ || size > chunk || size % 16)
		return false;
	at = chunk - size;
	for (unsigned i = 0; at < chunk && i < STEPS_MOST; i++) {
		if (read_word(c, at + 8, &head) != READ ||
		    SIZE_OF(head) < LEAST || head & 8)
			return false;
		at += SIZE_OF(head);
	}
	return at > chunk;
}

static bool has_shape(uint64_t head)
{
	return SIZE_OF(head) >= LEAST && !(head & (8 | OWN_MAPPING));
}

/* Whether the link at `at` leads to `chunk`. It may be in the first arena's own
 * lists, in the C library's data. */
static bool leads_to(struct chunks *c, uint64_t at, uint64_t chunk)
{
	const uint64_t first = heap_arena();
	uint64_t word;

	if (first && at % 8 == 0 && at >= first && at < first + STATE_SIZE)
		return *(const uint64_t *)(uintptr_t)at == chunk;
	return read_word(c, at, &word) == READ && word == chunk;
}

/* Whether the free chunk that ends at `end`, as the word there says, is in a
 * list. */
static bool is_free_before(struct chunks *c, uint64_t end)
{
	uint64_t size, head, forward, back, at;

	if (read_word(c, end, &size) != READ || size < LEAST || size % 16 ||
	    size > end)
		return false;
	at = end - size;
	return read_word(c, at + 8, &head) == READ && SIZE_OF(head) == size &&
	       read_word(c, at + FORWARD, &forward) == READ &&
	       read_word(c, at + BACK, &back) == READ &&
	       leads_to(c, forward + BACK, at) &&
	       leads_to(c, back + FORWARD, at);
}

enum state {
	IN_USE,
	MAPPED, /* in use, in a mapping of its own */
	FREE,
	ODD, /* the headers do not agree */
};

static COLD void add_slack(struct chunks *c, uint64_t more)
{
	struct rkn_slack *s = picture_list_add(c->slack);

	if (s)
		*s = (struct rkn_slack){ c->kept, wide_narrow(more) };
}

/* `chunk`: bytes that the block's chunk takes. */
static inline void note_slack(struct chunks *c, const struct store_block *b,
			      uint64_t chunk)
{
	const uint64_t least = leftovers_chunk(store_block_size(b));

	if (unlikely(chunk > least) && c->slack)
		add_slack(c, chunk - least);
}

/* A page that the program hides at present says nothing. */
static enum state look(struct chunks *c, const struct store_block *b)
{
	const uint64_t size = store_block_size(b);
	uint64_t chunk = store_block_address(b) - HEADER, head, next, end,
		 before;
	enum found found = read_word(c, chunk + 8, &head);

	if (found != READ)
		return found == UNKNOWN ? MAPPED : FREE;
	if (head & OWN_MAPPING) {
		if (read_word(c, chunk, &before) != READ ||
		    (SIZE_OF(head) + before) % PAGE ||
		    SIZE_OF(head) < size + HEADER)
			return ODD;
		/* No chunk follows, whose first word would be the block's. */
		note_slack(c, b, SIZE_OF(head) - 8);
		return MAPPED;
	}
	if (!has_shape(head) || SIZE_OF(head) - 8 < size)
		return ODD;
	end = chunk + SIZE_OF(head);
	found = read_word(c, end + 8, &next);
	if (found != READ)
		return found == UNKNOWN ? IN_USE : ODD;
	if (!(next & BEFORE_USED))
		return is_free_before(c, end) ? FREE : ODD;
	if (!(head & BEFORE_USED) && is_swallowed(c, chunk))
		return FREE;
	note_slack(c, b, SIZE_OF(head));
	return IN_USE;
}

/* Whether one of the chunks from the known one on reaches over this place. */
static bool is_inside(struct chunks *c, uint64_t chunk)
{
	uint64_t head, next, at = c->known;

	while (at && at < chunk) {
		if (read_word(c, at + 8, &head) != READ || !has_shape(head))
			return false;
		next = at + SIZE_OF(head);
		if (next > chunk)
			return read_word(c, next + 8, &head) == READ &&
			       has_shape(head);
		c->known = at = next;
	}
	return false;
}

/*
 * A program that writes a byte too much changes the next chunk's header, and
 * that block is alive all the same: where headers do not agree the block is in
 * use, unless they lead from a block before it to behind it, or its mapping is
 * now another's.
 */
static bool is_in_use(struct chunks *c, const struct store_block *b)
{
	const uint64_t chunk = store_block_address(b) - HEADER;
	const uint64_t page = (chunk & ~(PAGE - 1)) + PAGE;
	const enum state state = look(c, b);
	uint64_t from, to;

	if (state == FREE)
		return false;
	if (state == IN_USE) {
		c->known = chunk;
		return true;
	}
	/* By now our memory may be there, or the page below it that nobody
	 * reads. */
	if (own_memory_find(chunk, chunk + HEADER, &from, &to) ||
	    own_memory_find(page, page + 1, &from, &to))
		return false;
	if (state == MAPPED)
		return true;
	if ((store_block_size(b) >= LEAST_MAPPING && chunk % PAGE == 0) ||
	    is_inside(c, chunk))
		return false;
	c->known = 0;
	return true;
}

static bool is_chunk(struct chunks *c, uint64_t chunk, uint64_t size)
{
	uint64_t head;

	return chunk % 16 == 0 && read_word(c, chunk + 8, &head) == READ &&
	       SIZE_OF(head) == size;
}

/*
 * Follows the link in a free chunk of a list that has no way back: since glibc
 * 2.32 it is mixed with its own place. `offset`: where it leads, counted from
 * the next chunk. False: neither way makes sense.
 */
static bool follow(struct chunks *c, uint64_t at, uint64_t offset,
		   uint64_t size, uint64_t *next)
{
	uint64_t word;

	if (read_word(c, at, &word) != READ)
		return false;
	*next = word ^ at >> 12;
	if (!*next || is_chunk(c, *next - offset, size))
		return true;
	*next = word;
	return !word || is_chunk(c, word - offset, size);
}

/* Visits a list of so many blocks of a size, or only looks whether it is one. */
static bool walk_cached(struct chunks *c, uint64_t block, unsigned n,
			uint64_t size, bool visits)
{
	for (; n && block; n--) {
		if (!is_chunk(c, block - HEADER, size))
			return false;
		if (visits)
			c->visit(block, true, c->data);
		if (!follow(c, block, HEADER, size, &block))
			return false;
	}
	return !n && !block;
}

/* Visits what a thread has freed lately, if the chunk is such a list. */
static void visit_cache(struct chunks *c, uint64_t chunk)
{
	struct cache cache;
	const struct map *m = map_at(c, chunk);
	bool right = m && is_chunk(c, chunk, CACHE_CHUNK) &&
		     chunk + CACHE_CHUNK <= m->end &&
		     stop_read(&cache, chunk + HEADER, sizeof(cache));

	if (!right)
		return;
	for (int visits = 0; visits < 2; visits++)
		for (unsigned i = 0; i < CACHE_BINS && right; i++)
			right =
			    cache.counts[i] <= CACHE_MOST &&
			    walk_cached(c, cache.entries[i], cache.counts[i],
					(i + 2) * 16, visits);
}

static uint64_t arena_word(uint64_t arena, uint64_t offset)
{
	return *(const uint64_t *)(uintptr_t)(arena + offset);
}

/* The first chunk of an arena is its first thread's cache, unless that began by
 * memalign() or the like, which makes none. */
#define FIRST_MOST 16
static void visit_arena(struct chunks *c, uint64_t arena, bool first)
{
	uint64_t chunk = (arena + STATE_SIZE + 15) & ~15ull, head;

	for (unsigned bin = 0; bin < FAST_BINS; bin++) {
		uint64_t size = (bin + 2) * 16;
		uint64_t free = arena_word(arena, FAST_OFFSET + bin * 8ull);
		struct trail trail = { 0 };

		/* What is freed twice is in its list twice. */
		while (free && is_chunk(c, free, size) &&
		       !is_circle(&trail, free)) {
			c->visit(free + HEADER, false, c->data);
			if (!follow(c, free + HEADER, 0, size, &free))
				break;
		}
	}
	for (uint32_t i = 0; first && i < c->count; i++)
		if (strcmp(c->maps[i].name, "[heap]") == 0) {
			chunk = c->maps[i].start;
			first = false;
		}
	for (unsigned i = 0; !first && i < FIRST_MOST; i++) {
		visit_cache(c, chunk);
		if (read_word(c, chunk + 8, &head) != READ || !has_shape(head))
			return;
		chunk += SIZE_OF(head);
	}
}

static bool can_be_arena(struct chunks *c, uint64_t arena)
{
	const struct map *m = map_at(c, arena);

	return arena % 8 == 0 && m && m->readable &&
	       arena + STATE_SIZE <= m->end;
}

/* They are a ring. Of one that is damaged, so that it does not lead back to the
 * first, that one counts only. */
static uint32_t count_arenas(struct chunks *c)
{
	const uint64_t first = heap_arena();
	uint64_t arena = first;
	struct trail trail = { 0 };
	uint32_t n = 0;

	do {
		if (!can_be_arena(c, arena))
			return n;
		if (is_circle(&trail, arena))
			return 1;
		n++;
		arena = arena_word(arena, NEXT_OFFSET);
	} while (arena != first && n < ARENAS_MOST);
	return n;
}

/* Calls `f` for each arena, the first one first. */
static void each_arena(struct chunks *c,
		       void (*f)(struct chunks *c, uint64_t arena, bool first))
{
	const uint64_t first = heap_arena();
	uint64_t arena = first;

	for (uint32_t n = count_arenas(c); n; n--) {
		f(c, arena, arena == first);
		arena = arena_word(arena, NEXT_OFFSET);
	}
}

void chunks_free(const struct map *maps, uint32_t count, chunks_visit *visit,
		 void *data)
{
	struct chunks c = {
		.maps = maps, .count = count, .visit = visit, .data = data
	};

	if (real_is_alone())
		each_arena(&c, visit_arena);
}

/* Marks the block that starts at `address`, if it is in the list. */
static void mark(uint64_t address, bool cached, void *blocks)
{
	const struct blocks *b = blocks;
	uint32_t i = blocks_after(b, address);

	(void)cached;
	/* One of no bytes ends where it starts. */
	if (i && store_block_address(&b->list[i - 1]) == address)
		i--;
	if (i < b->count && store_block_address(&b->list[i]) == address)
		b->list[i].head |= STORE_FREED;
}

/*
 * Marks all behind the arena's top: up to the end of the memory that nobody else
 * can have. That is the end of the top, or, where the top has become smaller, of
 * what stays of the part. Not all parts have the usual size.
 */
static void mark_top(struct chunks *c, uint64_t arena, bool first)
{
	const uint64_t top = arena_word(arena, TOP_OFFSET);
	const uint64_t part = top & ~(STORE_REGION - 1);
	const struct map *m = map_at(c, top);
	const struct blocks *b = c->data;
	uint64_t head, end, info[4];
	bool known = true;

	(void)first;
	if (top % 16 || read_word(c, top + 8, &head) != READ)
		return;
	end = top + SIZE_OF(head);
	if (!m || end <= top || end > m->end || end % PAGE)
		return;
	for (unsigned i = 0; i < 4; i++)
		known = known && read_word(c, part + i * 8, &info[i]) == READ;
	if (known && info[0] == arena && part + info[2] == end &&
	    info[3] > info[2] && info[3] <= STORE_REGION)
		end = part + info[3];
	for (uint32_t i = blocks_after(b, top); i < b->count; i++) {
		if (store_block_address(&b->list[i]) >= end)
			return;
		if (store_block_address(&b->list[i]) >= top)
			b->list[i].head |= STORE_FREED;
	}
}

/* What is_in_use() says of most: two headers of one mapping that agree. False:
 * it must be asked. */
static inline bool is_plainly_in_use(struct chunks *c,
				     const struct store_block *b)
{
	const uint64_t chunk = store_block_address(b) - HEADER;
	const uint64_t before = chunk - c->plain;
	const uint64_t rest = c->plain_size - before;
	uint64_t head, next;

	if (chunk % 8 || before >= c->plain_size || rest < HEADER)
		return false;
	head = *(const uint64_t *)(uintptr_t)(chunk + 8);
	if (!has_shape(head) || SIZE_OF(head) - 8 < store_block_size(b) ||
	    SIZE_OF(head) > rest - HEADER)
		return false;
	next = *(const uint64_t *)(uintptr_t)(chunk + SIZE_OF(head) + 8);
	if (!(head & next & BEFORE_USED))
		return false;
	c->known = chunk;
	note_slack(c, b, SIZE_OF(head));
	return true;
}

static bool is_kept(const struct store_block *b, void *chunks)
{
	struct chunks *c = chunks;

	if (b->head & STORE_FREED ||
	    !(is_plainly_in_use(c, b) || is_in_use(c, b)))
		return false;
	c->kept++;
	return true;
}

/* An allocator between refknot and the C library may have its own headers. */
uint32_t chunks_sift(struct blocks *b, const struct map *maps, uint32_t count,
		     struct picture_list *slack)
{
	struct chunks c = { .maps = maps,
			    .count = count,
			    .visit = mark,
			    .data = b,
			    .slack = slack };
	const uint32_t all = b->count;

	if (!real_is_alone())
		return 0;
	each_arena(&c, visit_arena);
	each_arena(&c, mark_top);
	blocks_sift(b, is_kept, &c);
	return all - b->count;
}

/* The first arena lies in [heap], and ends where it last moved the break to:
 * other code asked for what is behind it. `map` has its top. */
static bool find_top_end(const struct map *map, uint64_t *done)
{
	const uint64_t top = arena_word(heap_arena(), TOP_OFFSET);
	uint64_t head;

	if (!map->readable || top % 16 || top < map->start ||
	    top + HEADER > map->end || !stop_read(&head, top + 8, 8))
		return false;
	*done = top + SIZE_OF(head);
	return *done > top && *done <= map->end;
}

static bool find_first(const struct map *map, uint64_t start, uint64_t *done)
{
	return start == map->start && find_top_end(map, done);
}

/* --- Parts of arenas -------------------------------------------------------------- */

struct parts {
	chunks_visit_part *visit;
	void *data;
	uint32_t number; /* of the next arena */
};

/* The first arena, if it is what [heap] begins with. Pages that the program
 * protects make several mappings of that. */
static void visit_first(struct chunks *c, uint64_t arena,
			const struct parts *parts)
{
	const uint64_t top = arena_word(arena, TOP_OFFSET);
	const struct map *m = map_at(c, top);
	uint64_t end;

	if (!m || strcmp(m->name, "[heap]") != 0 || !find_top_end(m, &end))
		return;
	while (m > c->maps && m[-1].end == m->start &&
	       strcmp(m[-1].name, "[heap]") == 0)
		m--;
	parts->visit(m->start, end, top, 0, parts->data);
}

/* The end of a part of the arena, and the part before it; 0: it is none. */
static uint64_t end_of_part(struct chunks *c, uint64_t arena, uint64_t part,
			    uint64_t *before)
{
	const uint64_t end = heap_part_end(part, c->maps, c->count);
	uint64_t info[2];

	if (!end || !stop_read(info, part, sizeof(info)) || info[0] != arena)
		return 0;
	*before = info[1];
	return end;
}

/* Of parts that lead in a circle the newest counts only. */
static uint32_t count_parts(struct chunks *c, uint64_t arena, uint64_t part)
{
	struct trail trail = { 0 };
	uint32_t n = 0;

	for (; end_of_part(c, arena, part, &part); n++)
		if (is_circle(&trail, part))
			return 1;
	return n;
}

/* Parts of glibc's other arenas lead from the newest to the one before. */
static void visit_parts(struct chunks *c, uint64_t arena, bool first)
{
	struct parts *parts = c->data;
	uint64_t top = arena_word(arena, TOP_OFFSET);
	uint64_t part = top & ~(STORE_REGION - 1), end;

	if (first)
		visit_first(c, arena, parts);
	for (uint32_t n = first ? 0 : count_parts(c, arena, part); n; n--) {
		const uint64_t start = part;

		end = end_of_part(c, arena, part, &part);
		if (end)
			parts->visit(start, end, top, parts->number,
				     parts->data);
		top = 0;
	}
	parts->number++;
}

void chunks_parts(const struct map *maps, uint32_t count,
		  chunks_visit_part *visit, void *data)
{
	struct parts parts = { .visit = visit, .data = data };
	struct chunks c = { .maps = maps, .count = count, .data = &parts };

	if (real_is_alone())
		each_arena(&c, visit_parts);
}

/* The chunk behind this one; 0: this is none, or they do not agree. */
static uint64_t next_in_order(uint64_t chunk, uint64_t end)
{
	const uint64_t *words;
	uint64_t head, next;

	if (chunk + HEADER > end)
		return 0;
	head = *(const uint64_t *)(uintptr_t)(chunk + 8);
	next = chunk + SIZE_OF(head);
	if (!has_shape(head) || next < chunk || next + HEADER > end)
		return 0;
	words = (const uint64_t *)(uintptr_t)next;
	if (!(words[1] & BEFORE_USED) && words[0] != SIZE_OF(head))
		return 0;
	return next;
}

/* From one chunk to the next, up to the arena's top or the fence at the end.
 * False: they are not in order. */
static bool walk_chunks(uint64_t chunk, uint64_t top, uint64_t end,
			chunks_visit_used *visit, void *data)
{
	while (chunk != top) {
		const uint64_t *words = (const uint64_t *)(uintptr_t)chunk;
		uint64_t next;

		if (chunk + HEADER > end)
			return false;
		/* The last chunk of a part that has another behind it is
		 * followed by two without bytes. Anywhere else one is what
		 * glibc leaves where somebody else moved the break, or is no
		 * chunk: more may lie behind it. */
		if ((SIZE_OF(words[1]) == HEADER || !SIZE_OF(words[1])) &&
		    end - chunk <= 2 * HEADER)
			return true;
		next = next_in_order(chunk, end);
		if (!next)
			return false;
		words = (const uint64_t *)(uintptr_t)next;
		if (visit && words[1] & BEFORE_USED)
			visit(chunk + HEADER, next + 8, data);
		chunk = next;
	}
	return true;
}

/* Whether it is one of the others. A child has its parent's, but no record of
 * them. */
static bool is_arena(struct chunks *c, uint64_t address)
{
	uint64_t arena = heap_arena();

	for (uint32_t n = count_arenas(c); n > 1; n--) {
		arena = arena_word(arena, NEXT_OFFSET);
		if (arena == address)
			return true;
	}
	return false;
}

bool chunks_used(const struct map *maps, uint32_t count, const struct map *map,
		 uint64_t start, uint64_t *done, chunks_visit_used *visit,
		 void *data)
{
	struct chunks c = { .maps = maps, .count = count };
	uint64_t arena = heap_arena(), chunk = start, top, distance;

	if (!real_is_alone() || !arena || !map->readable)
		return false;
	if (strcmp(map->name, "[heap]") == 0) {
		if (!find_first(map, start, done))
			return false;
	} else {
		*done =
		    (start % STORE_REGION) ? 0 : heap_part_end(start, map, 1);
		if (!*done || *done > map->end)
			return false;
		/* struct heap_info of glibc's malloc/arena.c, at the start of
		 * each part: the arena, which follows in the first part. */
		arena = *(const uint64_t *)(uintptr_t)start;
		distance = arena & (STORE_REGION - 1);
		chunk = start + distance;
		if (arena == chunk)
			chunk = (arena + STATE_SIZE + 15) & ~15ull;
		if (!is_arena(&c, arena))
			return false;
	}
	top = arena_word(arena, TOP_OFFSET);
	if (chunk % 16 || !walk_chunks(chunk, top, *done, NULL, NULL))
		return false;
	walk_chunks(chunk, top, *done, visit, data);
	return true;
}

static void visit_if_cache(uint64_t start, uint64_t end, void *chunks)
{
	if (end - start == CACHE_CHUNK - 8)
		visit_cache(chunks, start - HEADER);
}

bool chunks_cached(const struct map *maps, uint32_t count,
		   const struct map *map, uint64_t start, uint64_t *done,
		   chunks_visit *visit, void *data)
{
	struct chunks c = {
		.maps = maps, .count = count, .visit = visit, .data = data
	};

	return chunks_used(maps, count, map, start, done, visit_if_cache, &c);
}

/* So many chunks in order are not there by chance. */
#define CERTAIN 8

/* Whether a run of chunks begins here, in memory that may be anybody's. */
static bool begins_run(uint64_t chunk, uint64_t top, uint64_t end)
{
	for (unsigned i = 0; i < CERTAIN && chunk != top; i++) {
		uint64_t here[2], behind[2], next;

		if (!memory_peek(here, chunk, HEADER) || !has_shape(here[1]))
			return false;
		next = chunk + SIZE_OF(here[1]);
		if (next < chunk || next + HEADER > end ||
		    !memory_peek(behind, next, HEADER) ||
		    (!(behind[1] & BEFORE_USED) &&
		     behind[0] != SIZE_OF(here[1])))
			return false;
		if (SIZE_OF(behind[1]) == HEADER) /* a fence */
			return true;
		chunk = next;
	}
	return true;
}

/* The next run in [at, end); or `end`. The program's own numbers may look like
 * chunks: only where a block has ever been is the kernel asked. The first chunk
 * behind what other code asked for was made for one. */
static uint64_t next_run(uint64_t at, uint64_t top, uint64_t end,
			 struct pages *pages)
{
	static APART uint64_t words[PAGE / 8];

	for (uint64_t next; at < end; at = next) {
		at = (pages_next(pages, at, end) + 15) & ~15ull;
		next = memory_page_end(at, end);
		if (at >= end || !memory_peek(words, at, next - at))
			continue;
		for (uint64_t i = 1; i < (next - at) / 8; i += 2) {
			const uint64_t chunk = at + (i - 1) * 8, *head;

			if (!has_shape(words[i]))
				continue;
			head = shadow_head_at(chunk + HEADER);
			if ((chunk == top ||
			     (head && READ_ONCE(*head) & STORE_HEAD)) &&
			    begins_run(chunk, top, end))
				return chunk;
		}
	}
	return end;
}

/* Where the run ends: behind the top, or behind two chunks without bytes. */
static uint64_t end_of_run(const struct blocks *b, uint64_t chunk, uint64_t top,
			   uint64_t end)
{
	uint32_t i = blocks_after(b, chunk);

	for (uint64_t next; chunk != top; chunk = next) {
		/* Chunks side by side that hold blocks of the list need not be
		 * read. */
		while (i < b->count &&
		       store_block_address(&b->list[i]) < chunk + HEADER)
			i++;
		for (; i + 1 < b->count; i++) {
			next = chunk +
			       leftovers_chunk(store_block_size(&b->list[i]));
			if (store_block_address(&b->list[i]) !=
				chunk + HEADER ||
			    store_block_address(&b->list[i + 1]) !=
				next + HEADER)
				break;
			chunk = next;
		}
		next = next_in_order(chunk, end);
		if (next)
			continue;
		for (unsigned n = 0; n < 2 && chunk + HEADER <= end; n++)
			if (SIZE_OF(((const uint64_t *)(uintptr_t)chunk)[1]) ==
			    HEADER)
				chunk += HEADER;
		return chunk;
	}
	return top + SIZE_OF(*(const uint64_t *)(uintptr_t)(top + 8));
}

void chunks_others(const struct blocks *b, const struct map *map,
		   struct pages *pages, chunks_visit_used *visit, void *data)
{
	uint64_t arena = heap_arena(), at = map->start, top, done, run;

	if (!real_is_alone() || !arena || !map->readable ||
	    !find_first(map, at, &done))
		return;
	top = arena_word(arena, TOP_OFFSET);
	while (at < map->end) {
		run = at < done ? next_run(at, top, map->end, pages) : map->end;
		if (run > at)
			visit(at, run, data);
		at = run < map->end ? end_of_run(b, run, top, map->end) : run;
	}
}
