/* SPDX-License-Identifier: MIT */
/*
 * The pointers from outside: every private or writable mapping, without what is
 * the allocator's, refknot's own, or the dead part of a stack.
 */
#include <stddef.h>
#include <string.h>

#include "chunks.h"
#include "contexts.h"
#include "heap.h"
#include "inherited.h"
#include "members.h"
#include "memory.h"
#include "modules.h"
#include "own_memory.h"
#include "picture.h"
#include "tasks.h"
#include "thread.h"
#include "unheld.h"

#define PAGE          4096ull
#define LARGE         (4ull << 20) /* mappings that may be mostly untouched */
#define CONTROL       4096ull /* glibc's struct pthread, from the pointer up */
#define STATIC_TLS    (64ull << 10) /* and the thread's variables below it */
#define CONTROL_LEAST 0x600         /* bytes of it that every version has */

/* A piece of a mapping, and the name of a pointer found in it. */
struct piece {
	const struct map *map;
	enum rkn_root_kind kind;
	uint32_t owner;
	const struct stopped *thread; /* whose stack it is, or NULL */
	bool heap;  /* inherited from the parent: blocks lie in it */
	bool walks; /* by inherited_walk(): counts as what was inherited */
};

/* Whether the thread's control block or variables are there, in the mapping of
 * its stack. Frames are right below, if it is known how many there are. */
static bool tls_has(const struct picture *p, const struct stopped *t,
		    uint64_t where)
{
	const uint64_t span = p->tls_most ? p->tls_most : STATIC_TLS;

	return where + span >= t->pointer && where < t->pointer + CONTROL &&
	       (p->tls_most || where >= t->sp + PAGE / 4);
}

/* Whether a thread's control block or variables are there, in memory that is not
 * its stack: the main thread's. Then *owner is its serial. */
static bool tls_owner(const struct picture *p, uint64_t where, uint32_t *owner)
{
	const struct stopped *t =
	    p->tls_most ? members_pointing(where - (CONTROL_LEAST - 1),
					   where + p->tls_most + 1)
			: NULL;

	if (!t)
		return false;
	*owner = members_serial(t->tid);
	return true;
}

/* Apart: else the loops that call it have no registers left. */
static NOINLINE void found(struct picture *p, const struct piece *piece,
			   uint64_t where, uint32_t block, uint64_t offset)
{
	const struct stopped *t = piece->thread;
	struct rkn_root *r;

	if (p->held) {
		picture_hold(p->held, block);
		return;
	}
	r = picture_list_add(&p->roots);
	if (!r)
		return;
	*r = (struct rkn_root){ .where = where,
				.block = block,
				.to_offset = wide_narrow(offset),
				.kind = piece->kind,
				.owner = piece->owner };
	if (!t && piece->kind == RKN_ROOT_MAP && tls_owner(p, where, &r->owner))
		r->kind = RKN_ROOT_TLS;
	else if (t && tls_has(p, t, where))
		r->kind = RKN_ROOT_TLS;
	else if (t)
		r->kind = where < t->sp && where >= t->low ? RKN_ROOT_REGISTER
							   : RKN_ROOT_STACK;
	if (offset)
		inner_note(p, block, offset);
	if (r->to_offset == RKN_SEE_WIDE)
		wide_note(p, RKN_WIDE_ROOT, 0, offset);
}

/* The same for blocks and for mappings. */
static NOINLINE void search_both(struct picture *p, const struct piece *piece,
				 const uint64_t *words, uint64_t where,
				 uint64_t size)
{
	const struct unheld *const u = p->unheld;
	uint64_t offset;

	for (uint64_t i = 0; i < size / 8; i++) {
		uint32_t block;

		if (!unheld_is_worth(u, words[i]))
			continue;
		unheld_look(p, u, words[i], where + i * 8);
		block = blocks_find(&p->blocks, words[i], &offset);
		if (block != BLOCKS_NONE)
			found(p, piece, where + i * 8, block, offset);
	}
}

/* `words` are the bytes at address `where`, or a copy of them. */
static void search(struct picture *p, const struct piece *piece,
		   const uint64_t *words, uint64_t where, uint64_t size)
{
	const uint64_t least = p->blocks.least;
	const uint64_t span = p->blocks.most - least;
	uint64_t offset;

	p->root_bytes += size;
	if (piece->walks)
		p->inherited_bytes += size;
	if (unlikely(p->unheld)) {
		search_both(p, piece, words, where, size);
		return;
	}
	for (uint64_t i = 0; i < size / 8; i++) {
		uint32_t block;

		if (words[i] - least >= span)
			continue;
		block = blocks_find(&p->blocks, words[i], &offset);
		if (block != BLOCKS_NONE)
			found(p, piece, where + i * 8, block, offset);
	}
}

/*
 * A copy of [start, end), at most a page, until the next call; NULL: the kernel
 * refused. All roots are read so: a file may end before its mapping does, shared
 * memory may be a device, and a page may be protected in ways that no list
 * shows.
 */
static APART uint64_t words_of_page[PAGE / 8];
static const uint64_t *copy(uint64_t start, uint64_t end)
{
	return memory_peek(words_of_page, start, end - start) ? words_of_page
							      : NULL;
}

/* Where there is no such system call, only what cannot fault is read: no mapping
 * that a running thread may give back. NULL: it cannot be read, and that is
 * counted. */
static const uint64_t *read_page(struct picture *p, const struct piece *piece,
				 uint64_t start, uint64_t end)
{
	bool stays = !stop_runs || piece->thread;
	bool safe = piece->map->private && !piece->map->inode && stays;
	const uint64_t *words = copy(start, end);

	if (words)
		return words;
	if (!p->copies &&
	    pages_read(&p->pages, words_of_page, start, end - start))
		return words_of_page;
	if ((safe || piece->kind == RKN_ROOT_DATA) && !p->copies)
		return (const void *)(uintptr_t)start;
	if (piece->map->private)
		p->limits[RKN_LIMIT_UNREADABLE] += end - start;
	else if (pages_touched(&p->pages, start)) /* not beyond the end */
		p->limits[RKN_LIMIT_SHARED_MAP] += end - start;
	return NULL;
}

/* `words` are the bytes from `start` on, where blocks may lie: these are searched
 * as blocks. */
static void search_gaps(struct picture *p, const struct piece *piece,
			const uint64_t *words, uint64_t start, uint64_t end)
{
	uint32_t i = blocks_after(&p->blocks, start);

	for (uint64_t at = start; at < end; i++) {
		const struct store_block *b = &p->blocks.list[i];
		uint64_t stop = end, size;

		if (i < p->blocks.count && store_block_address(b) < end)
			stop = store_block_address(b) & ~7ull;
		if (stop > at)
			search(p, piece, words + (at - start) / 8, at,
			       stop - at);
		if (stop == end)
			return;
		size = store_block_size(b);
		at = (store_block_address(b) + (size ? size : 1) + 7) & ~7ull;
	}
}

/*
 * Parts that are to be searched, each within a page or a few that lie side by
 * side: the kernel copies all of them by one call, which costs as much as one
 * page does.
 */
#define BATCH_PARTS 64u
#define BATCH_BYTES (8 * PAGE)
static APART struct batch {
	uint64_t words[BATCH_BYTES / 8];
	struct batch_part {
		struct piece piece;
		uint64_t start, end;
		bool gaps; /* blocks may lie in it */
	} parts[BATCH_PARTS];
	struct iovec remote[BATCH_PARTS];
	uint32_t count;
	uint64_t bytes;
} batch;

static void search_copied(struct picture *p, const struct batch_part *part,
			  const uint64_t *words, uint64_t start, uint64_t end)
{
	if (part->gaps)
		search_gaps(p, &part->piece, words, start, end);
	else
		search(p, &part->piece, words, start, end - start);
}

/* Where not all could be copied each page is read in the way that is left. */
static void search_pages(struct picture *p, const struct batch_part *part)
{
	for (uint64_t next, at = part->start; at < part->end; at = next) {
		const uint64_t *words;

		next = memory_page_end(at, part->end);
		words = read_page(p, &part->piece, at, next);
		if (words)
			search_copied(p, part, words, at, next);
	}
}

static void batch_search(struct picture *p)
{
	const uint64_t *words = batch.words;
	bool copied =
	    batch.count &&
	    sys_peek_parts(process.pid, batch.words, batch.bytes, batch.remote,
			   batch.count) == (long)batch.bytes;

	for (uint32_t i = 0; i < batch.count; i++) {
		const struct batch_part *part = &batch.parts[i];

		if (copied)
			search_copied(p, part, words, part->start, part->end);
		else
			search_pages(p, part);
		words += (part->end - part->start) / 8;
	}
	batch.count = 0;
	batch.bytes = 0;
}

/* [start, end) is in one page. What is left in the batch batch_search() has. */
static void batch_add(struct picture *p, const struct piece *piece,
		      uint64_t start, uint64_t end, bool gaps)
{
	struct batch_part *part;

	/* Bytes behind the last whole word are no pointer. */
	end = start + ((end - start) & ~7ull);
	if (start == end)
		return;
	if (batch.bytes + (end - start) > BATCH_BYTES ||
	    batch.count == BATCH_PARTS)
		batch_search(p);
	part = &batch.parts[batch.count];
	if (batch.count && part[-1].end == start &&
	    part[-1].piece.map == piece->map && part[-1].gaps == gaps) {
		part--;
		part->end = end;
	} else {
		*part = (struct batch_part){ *piece, start, end, gaps };
		batch.count++;
	}
	batch.remote[part - batch.parts] =
	    (struct iovec){ (void *)(uintptr_t)part->start,
			    part->end - part->start };
	batch.bytes += end - start;
}

/* What the program itself may not read at present. */
static void search_hidden(struct picture *p, const struct piece *piece,
			  uint64_t start, uint64_t end)
{
	static APART uint64_t words[PAGE / 8];

	if (pages_read(&p->pages, words, start, end - start))
		search(p, piece, words, start, end - start);
	else
		p->limits[RKN_LIMIT_UNREADABLE] += end - start;
}

/* Whether the page may hold what the program has written. */
static bool is_worth(struct picture *p, const struct map *map, uint64_t page)
{
	if (map->private && map->inode)
		return pages_copied(&p->pages, page, map->writable);
	return (!map->private && map->end - map->start <= LARGE) ||
	       pages_touched(&p->pages, page);
}

/* Searches a part of the mapping that refknot does not own. */
static void search_part(struct picture *p, const struct piece *piece,
			uint64_t start, uint64_t end)
{
	const struct map *map = piece->map;
	bool anonymous = piece->kind != RKN_ROOT_DATA && !map->inode;
	bool sparse = map->private && !map->inode;
	/* Behind a module's data that begins as zeros the kernel may put what
	 * malloc maps, as one mapping with it; and a module's own allocator may
	 * use it. */
	bool has_blocks =
	    piece->heap || (piece->kind == RKN_ROOT_DATA && sparse);
	bool gaps = has_blocks || (anonymous && process.hides_operators);

	if (sparse && map->untouched)
		return;
	for (uint64_t next; start < end; start = next) {
		if (sparse)
			start = pages_next(&p->pages, start, end);
		if (start == end)
			return;
		next = memory_page_end(start, end);
		if (!is_worth(p, map, start))
			continue;
		if (!map->readable)
			search_hidden(p, piece, start, next);
		else if (gaps || !anonymous ||
			 !heap_owns(&p->blocks, start, p->maps, p->map_count))
			batch_add(p, piece, start, next, gaps);
	}
}

/* Searches all but the parts that hold no pointers of the program's. */
static void search_piece(struct picture *p, const struct piece *piece,
			 uint64_t start, uint64_t end)
{
	bool (*const gaps[])(uint64_t, uint64_t, uint64_t *,
			     uint64_t *) = { own_memory_find, heap_first_arena,
					     contexts_dead };

	for (start = (start + 7) & ~7ull; start < end;) {
		uint64_t from = end, to = end, a, b;

		/* The first of them. */
		for (unsigned i = 0; i < sizeof(gaps) / sizeof(*gaps); i++)
			if (gaps[i](start, end, &a, &b) && a < from) {
				from = a;
				to = b;
			}
		search_part(p, piece, start, from);
		start = to;
	}
}

/* A mapping without access directly below: the stack begins at its end. */
static bool is_guarded(const struct picture *p, const struct map *map)
{
	const struct map *below = map - 1;

	return map > p->maps && below->end == map->start && !below->readable &&
	       !below->writable;
}

static bool holds(const struct map *map, uint64_t address)
{
	return address >= map->start && address < map->end;
}

/*
 * The control block at the end of a stack that glibc made, where threads have
 * theirs that never allocated, and so are not noted: it holds its own address
 * twice (tcbhead_t, tcb and self). 0: none.
 */
#define CONTROL_ALIGNMENT 64ull
static uint64_t control_block(const struct picture *p, const struct map *map)
{
	static uint64_t words[2 * CONTROL / 8];
	uint64_t start = map->end - 2 * CONTROL, at = map->end - CONTROL_LEAST;

	if (start < map->start)
		start = map->start;
	if (!is_guarded(p, map) || !map->readable || map->inode ||
	    !memory_peek(words, start, map->end - start))
		return 0;
	for (at &= ~(CONTROL_ALIGNMENT - 1); at > start;
	     at -= CONTROL_ALIGNMENT) {
		const uint64_t *w = words + (at - start) / 8;

		if (w[0] == at && w[2] == at)
			return at;
	}
	return 0;
}

/* How many threads, living or ended, have their control blocks in the mapping. */
static unsigned threads_in(const struct picture *p, const struct map *map)
{
	uint64_t first, last = control_block(p, map);
	unsigned n = members_pointers(map->start, map->end, &first);

	if (!last)
		return n;
	return n + !members_pointers(last, last + 1, &first);
}

/*
 * The link of the control block at `pointer` in one of glibc's lists of stacks:
 * then the stack is glibc's, not memory that the program gave it and has back.
 * The link is any pair of words whose neighbours point back at it. 0: it is in
 * no list.
 */
static uint64_t list_link(uint64_t pointer)
{
	const uint64_t *words = (const uint64_t *)(uintptr_t)pointer;

	for (unsigned i = 0; i < CONTROL_LEAST / 8; i++) {
		uint64_t link = pointer + i * 8, next[2], back[2];

		if (words[i] % 8 || words[i] < PAGE || words[i] == link ||
		    words[i + 1] % 8 || words[i + 1] < PAGE)
			continue;
		if (memory_peek(next, words[i], 16) && next[1] == link &&
		    memory_peek(back, words[i + 1], 16) && back[0] == link)
			return link;
	}
	return 0;
}

/* A stack whose thread has ended. */
struct dead_stack {
	uint64_t block; /* its control block */
	uint64_t link;  /* where that is in a list */
	uint64_t end;   /* 0: there is none */
};

/*
 * glibc keeps the stacks of ended threads for later ones. Finds the only one in
 * `map`: its control block still holds its own address. If a thread did not
 * stop, it is not known whose stack is whose.
 */
static struct dead_stack dead_stack(const struct picture *p,
				    const struct map *map)
{
	const struct dead_stack none = { 0, 0, 0 };
	uint64_t at, link, end;

	if (!is_guarded(p, map) || p->stop.running || p->stop.unread)
		return none;
	if (threads_in(p, map) != 1)
		return none;
	at = control_block(p, map);
	if (!at)
		members_pointers(map->start, map->end, &at);
	if (!at || !holds(map, at + CONTROL_LEAST) || members_point_at(at))
		return none;
	link = list_link(at);
	if (!link)
		return none;
	end = (at + CONTROL) & ~(PAGE - 1);
	return (struct dead_stack){ at, link, end < map->end ? end : map->end };
}

/*
 * Whether the program may keep data there: also in pages that it has made
 * read-only or inaccessible. Larger ranges without access are reservations.
 */
#define HIDDEN_MOST (1ull << 30)

/* Shared memory that no file on a disk has: the program has written what is in it,
 * maybe by another mapping. */
static bool is_made(const struct map *map)
{
	static const char *const names[] = { "/memfd:", "/dev/zero",
					     "/dev/shm/", "/SYSV" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(map->name, names[i], strlen(names[i])))
			return modules_find(map->start) == RKN_NONE;
	return false;
}

static bool is_data(const struct map *map)
{
	uint64_t own = (uint64_t)(uintptr_t)store.header;

	if (map->start < own + store.mapped && map->end > own)
		return false;
	if (strncmp(map->name, "[v", 2) == 0) /* the kernel's own: [vvar] */
		return false;
	if (!map->private)
		return map->readable && (map->writable || is_made(map));
	if (!map->readable)
		return !map->inode && map->end - map->start <= HIDDEN_MOST;
	/* Code of no file is what the program wrote, with its constants. */
	return !map->executable || map->writable || !map->inode || is_made(map);
}

/* The first and last page of a module's data hold other bytes of its file, too:
 * constants that look like anything. */
static void clip(const struct map *map, uint64_t *start, uint64_t *end)
{
	uint64_t from, to;

	if (!map->inode || !modules_segment(map->start, &from, &to))
		return;
	if (from > *start)
		*start = from;
	if (to < *end && *end - to < PAGE)
		*end = to;
}

/*
 * The start of a live stack's used part. Below it lie dead frames, if the
 * mapping is certainly that one stack. A coroutine that runs on a part of it has
 * frames that wait below.
 */
static uint64_t used_from(const struct picture *p, const struct map *map,
			  const struct stopped *t)
{
	bool own = strcmp(map->name, "[stack]") == 0 ||
		   (holds(map, t->pointer) && is_guarded(p, map) &&
		    threads_in(p, map) <= 1);

	return own && !t->lends && holds(map, t->low)
		   ? contexts_lowest(map->start, t->low)
		   : map->start;
}

/* For inherited_walk() and chunks_others(). */
struct inheritance {
	struct picture *p;
	const struct piece *piece;
};

static void search_inherited(uint64_t start, uint64_t end, void *data)
{
	const struct inheritance *i = data;

	search_piece(i->p, i->piece, start, end);
}

/* For chunks_others(). */
static void search_other(uint64_t start, uint64_t end, void *data)
{
	const struct inheritance *i = data;

	for (uint64_t next; start < end; start = next) {
		start = (pages_next(&i->p->pages, start, end) + 7) & ~7ull;
		next = memory_page_end(start, end);
		if (start >= next)
			return;
		batch_add(i->p, i->piece, start, next, true);
	}
}

static void search_map(struct picture *p, const struct map *map)
{
	struct piece piece = { .map = map,
			       .kind = RKN_ROOT_MAP,
			       .owner = RKN_NONE };
	struct dead_stack dead = { 0, 0, 0 };
	uint64_t start = map->start, end = map->end, from, to;

	piece.owner = modules_find(map->start);
	if (piece.owner != RKN_NONE) {
		piece.kind = RKN_ROOT_DATA;
		clip(map, &start, &end);
	} else if (process.forked && !map->inode) {
		bool heap = strcmp(map->name, "[heap]") == 0;

		piece.kind = heap ? RKN_ROOT_INHERITED : RKN_ROOT_MAP;
		piece.heap = true;
	} else if (strcmp(map->name, "[heap]") == 0 &&
		   !process.foreign_malloc) {
		/* What the program itself asked for by sbrk(); if the heap is
		 * one mapping, so that the allocator can be followed. */
		if (map + 1 == p->maps + p->map_count ||
		    map[1].start != map->end ||
		    strcmp(map[1].name, map->name) != 0)
			chunks_others(&p->blocks, map, &p->pages, search_other,
				      &(struct inheritance){ p, &piece });
		return;
	}
	piece.thread = members_on(map->start, map->end);
	if (piece.thread) {
		start = used_from(p, map, piece.thread);
		piece.owner = members_serial(piece.thread->tid);
	} else {
		dead = dead_stack(p, map);
		start = dead.end ? dead.end : start;
	}
	if (dead.end && results_find(dead.block, dead.end, dead.link, p->maps,
				     p->map_count, &from, &to))
		search_piece(p, &piece, from, to);
	piece.walks = piece.heap && !piece.thread && !dead.end;
	if (piece.walks)
		inherited_walk(p, map, start, end, search_inherited,
			       &(struct inheritance){ p, &piece });
	else
		search_piece(p, &piece, start, end);
}

/* Blocks that the loader made for itself, and those of unknown origin. */
static void loader_roots(struct picture *p)
{
	const struct piece piece = { .kind = RKN_ROOT_LOADER,
				     .owner = RKN_NONE };
	uint32_t last = 0;
	bool is_root = true;

	for (uint32_t i = 0; i < p->blocks.count; i++) {
		const uint32_t stack = shadow_stack(p->blocks.list[i].head);

		if (stack != last) {
			const struct store_stack *s =
			    store_record(STORE_STACKS, stack);
			const struct store_frame *f =
			    s ? store_record(STORE_FRAMES, s->frame) : NULL;

			is_root =
			    !stack || !f || modules_is_loader(f->address - 1);
			last = stack;
		}
		if (is_root)
			found(p, &piece, 0, i, 0);
	}
}

/* The block that `address` points to, if it does, is a root of that kind. */
static void hold(struct picture *p, enum rkn_root_kind kind, uint32_t owner,
		 uint64_t address)
{
	const struct piece piece = { .kind = kind, .owner = owner };
	uint64_t offset;
	uint32_t b = blocks_find(&p->blocks, address, &offset);

	/* A stack's block is held as a whole. */
	if (b != BLOCKS_NONE)
		found(p, &piece, 0, b, kind == RKN_ROOT_STACK ? 0 : offset);
}

/* What is not touched holds no pointer, nor does what is not mapped. */
static void search_declared_part(struct picture *p, const struct piece *piece,
				 uint64_t start, uint64_t end)
{
	for (uint64_t next; start < end; start = next) {
		const uint64_t *words;

		start = pages_next(&p->pages, start, end);
		if (start == end)
			return;
		next = memory_page_end(start, end);
		words = copy(start, next);
		if (words)
			search(p, piece, words, start, next - start);
		else if (pages_touched(&p->pages, start))
			search_hidden(p, piece, start, next);
	}
}

/* Memory that the program wants searched, as far as it is there. */
static void declared_spans(struct picture *p)
{
	const struct piece piece = { .kind = RKN_ROOT_DECLARED,
				     .owner = RKN_NONE };
	const struct store_table *t = &store.header->tables[STORE_SPANS];
	const uint64_t kept = (uint64_t)(uintptr_t)store.header;

	for (uint64_t i = 1; i < t->count; i++) {
		const struct store_span *s = store_record(STORE_SPANS, i);

		for (uint32_t m = 0; s && s->start && m < p->map_count; m++) {
			const struct map *map = &p->maps[m];
			uint64_t start = (s->start + 7) & ~7ull, from, to;
			uint64_t end = (s->start + s->size) & ~7ull;

			if (start < map->start)
				start = map->start;
			if (end > map->end)
				end = map->end;
			/* Refknot's own may lie there once the program's is no
			 * longer mapped. */
			if (start < kept + store.mapped && end > kept)
				continue;
			while (start < end &&
			       own_memory_find(start, end, &from, &to)) {
				search_declared_part(p, &piece, start, from);
				start = to;
			}
			search_declared_part(p, &piece, start, end);
		}
	}
}

/* Memory where calls were made, of coroutines that are not known: a mapping that
 * is neither a thread's stack, nor one for its signals, nor known to have
 * coroutines. */
static void note_other_stacks(struct picture *p)
{
	uint8_t *seen = own_memory_map(p->map_count);

	for (uint32_t n = 1; seen && n < thread_numbers(); n++) {
		const struct thread *t = thread_at(n);

		for (unsigned i = 0; t && i < THREAD_RANGES; i++) {
			const struct map *map =
			    t->ranges[i].most
				? memory_map(p->maps, p->map_count,
					     t->ranges[i].most - 1)
				: NULL;

			if (map && !seen[map - p->maps]++ &&
			    strcmp(map->name, "[stack]") != 0 &&
			    !threads_in(p, map) &&
			    !contexts_know(map->start, map->end) &&
			    !members_signals_in(map->start, map->end) &&
			    !members_on(map->start, map->end))
				p->limits[RKN_LIMIT_OTHER_STACKS]++;
		}
	}
}

void roots_search(struct picture *p)
{
	const struct piece runner = { .kind = RKN_ROOT_REGISTER,
				      .owner = RKN_NONE };

	if (process.forked)
		inherited_begin(p);
	for (uint32_t i = 0; i < p->map_count; i++)
		if (is_data(&p->maps[i]))
			search_map(p, &p->maps[i]);
	batch_search(p);
	note_other_stacks(p);
	declared_spans(p);
	loader_roots(p);
	/* Blocks that a thread runs on, or that the kernel knows as signal
	 * stack, and what it shows of the registers of a thread that did not
	 * stop. */
	for (uint32_t i = 0; i < p->stop.count; i++) {
		const struct stopped *t = &p->stop.threads[i];
		const uint32_t owner = members_serial(t->tid);

		hold(p, RKN_ROOT_STACK, owner, t->alternate);
		hold(p, RKN_ROOT_STACK, owner, t->low);
		for (int n = 0; t->task && n < TASK_ARGUMENTS; n++)
			hold(p, RKN_ROOT_REGISTER, owner,
			     t->task->arguments[n]);
	}
	/* What threads may hold that could not be stopped. */
	stop_gone_on(&p->stop);
	if (!members_run())
		return;
	for (uint32_t i = 0; i < p->blocks.count; i++)
		if (members_may_hold(&p->blocks, i))
			found(p, &runner, 0, i, 0);
}
