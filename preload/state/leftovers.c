/* SPDX-License-Identifier: MIT */
#include "leftovers.h"

#include <string.h>

#include "process.h"
#include "shadow.h"
#include "sys.h"

/* glibc's malloc/malloc.c, struct malloc_chunk: the word before a block is its
 * chunk's size and three flags; a free chunk has four links where its block
 * was. */
#define LINKS        32
#define FLAGS        7ull
#define LOOKS_MOST   16384ull
#define FLAG_ARENA   4ull /* not of the first arena */
#define FLAG_MAPPED  2ull /* a mapping of its own, which began as zeros */
#define CHUNK_HEADER 8ull
#define DIVIDED_MOST 65536ull /* alignment */

enum leftovers_links leftovers_links;

/* A new block, of which words from .. to-1 mean nothing, and where it ends. */
struct fresh {
	uint64_t from, to, end;
};

static uint64_t header_of(const void *p)
{
	uint64_t header;

	memcpy(&header, (const char *)p - CHUNK_HEADER, sizeof(header));
	return header;
}

/* What is zero is not written: it may be a page that was never touched. */
static void wipe(const struct fresh *f, uint64_t at, uint64_t size)
{
	uint64_t end = at + size < f->to ? at + size : f->to;

	for (at = at < f->from ? f->from : at; at + 8 <= end; at += 8) {
		uint64_t *word = (uint64_t *)(uintptr_t)at;

		if (*word)
			*word = 0;
	}
}

/*
 * Links may be at `at`, behind the new block, and the record that told so will
 * be gone. In its place the slot there gets one of a block without bytes, if it
 * has none. Another thread may be about to write there, what counts.
 */
static void leave_record(uint64_t at)
{
	uint64_t *slot = shadow_slot(at), seen;

	if (!slot || !shadow_slot_ready(slot))
		return;
	seen = READ_ONCE(*slot);
	if (!(seen & STORE_HEAD) && !shadow_is_live(READ_ONCE(slot[-1])))
		CHANGE(*slot, seen, LEFTOVERS_RECORD);
}

/*
 * A block of `size` bytes at `at` was freed, and may have left a part of the
 * chunk that it was cut from. What is left of a chunk is handed out with it if
 * it is too small for another: then the next one begins 16 bytes further on.
 */
static void wipe_block(const struct fresh *f, uint64_t at, uint64_t size)
{
	uint64_t rest = at + leftovers_chunk(size);

	if (leftovers_links == LEFTOVERS_LINKS_FIRST) {
		wipe(f, at, 8);
		return;
	}
	wipe(f, at, LINKS);
	wipe(f, rest, LINKS + 16);
	if (rest >= f->end)
		leave_record(rest);
}

/* Others may free what lies beside it meanwhile. */
static inline bool any_head(const uint64_t *slots)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < 8; i++)
		all |= READ_ONCE(slots[i]);
	return all & STORE_HEAD;
}

/* The records in `count` slots that begin with that of `at`. */
static void take_records(const struct fresh *f, uint64_t at, uint64_t *slots,
			 uint64_t count)
{
	const unsigned shift = shadow.granule_shift;

	for (uint64_t i = 0; i < count; i++) {
		if (i % 8 == 0 && count - i >= 8 && !any_head(slots + i)) {
			i += 7;
			continue;
		}
		const uint64_t head = READ_ONCE(slots[i]);

		if ((head & (STORE_HEAD | STORE_FREED)) !=
		    (STORE_HEAD | STORE_FREED))
			continue;
		wipe_block(f, at + (i << shift), head >> STORE_SIZE_SHIFT);
		WRITE_ONCE(slots[i], 0);
	}
}

/* Where slots of `at` and behind it are that lie in one step of the store. */
static uint64_t step_end(uint64_t at, const uint64_t *slot, uint64_t end)
{
	uint64_t offset = store_offset(slot);
	uint64_t bytes = STORE_STEP - offset % STORE_STEP;
	unsigned shift = shadow.granule_shift;
	uint64_t next = (at & ~((1ull << shift) - 1)) + (bytes / 8 << shift);
	uint64_t region = (at & ~(STORE_REGION - 1)) + STORE_REGION;

	next = next < region ? next : region;
	return next < end ? next : end;
}

static void take_all(const struct fresh *f, uint64_t at, uint64_t end)
{
	const unsigned shift = shadow.granule_shift;
	const uint64_t granule = 1ull << shift;

	for (uint64_t next; at < end; at = next) {
		uint64_t *slot = shadow_slot(at);

		if (!slot) {
			next = (at & ~(STORE_REGION - 1)) + STORE_REGION;
			continue;
		}
		next = step_end(at, slot, end);
		if (shadow_slot_known(slot))
			take_records(f, at, slot,
				     (next - at + granule - 1) >> shift);
	}
}

static bool may_be_size(uint64_t word)
{
	uint64_t flags = word & 15; /* a chunk before a free one is in use */

	return (flags == 1 || flags == 1 + FLAG_ARENA) &&
	       word >= LEFTOVERS_CHUNK_LEAST && word < 1ull << 32;
}

static bool may_be_link(uint64_t word)
{
	return !(word & 15) && word >= 1ull << 20 &&
	       word >> STORE_ADDRESS_BITS == 0;
}

/*
 * Links by their looks: a chunk's size, and up to four addresses of chunks.
 * What passes for that is cleared, too: nothing there means anything. Only of
 * what was used before, and is not large.
 */
static void wipe_by_looks(const struct fresh *f)
{
	const uint64_t end =
	    f->to - f->from < LOOKS_MOST ? f->to : f->from + LOOKS_MOST;

	for (uint64_t at = f->from; at + 16 <= end;) {
		uint64_t *word = (uint64_t *)(uintptr_t)at;
		const uint64_t *slot = shadow_head_at(at);

		if (!slot) {
			at = (at & ~4095ull) + 4096;
			continue;
		}
		at += 8;
		if (!may_be_size(*word))
			continue;
		for (unsigned i = 0; i < 4 && at + 8 <= end &&
				     may_be_link(*(uint64_t *)(uintptr_t)at);
		     i++, at += 8)
			*(uint64_t *)(uintptr_t)at = 0;
	}
}

COLD void leftovers_clear(void *p, size_t size, size_t kept)
{
	const uint64_t address = ADDRESS(p);
	const uint64_t *slot = shadow_head_at(address);
	const uint64_t head = slot ? READ_ONCE(*slot) : 0;
	bool freed = head & STORE_HEAD;
	uint64_t old = 1ull << shadow.granule_shift;
	struct fresh f;

	if (leftovers_links == LEFTOVERS_LINKS_NONE)
		return;
	if (leftovers_links == LEFTOVERS_LINKS_GLIBC) {
		uint64_t header = header_of(p);

		if (freed)
			old = leftovers_chunk(head >> STORE_SIZE_SHIFT);
		if (header & FLAG_MAPPED || old == leftovers_chunk(size))
			return;
		/* To the chunk's end: the next of that length may ask for a
		 * few bytes more. */
		size = (header & ~FLAGS) - CHUNK_HEADER;
	}
	f.end = address + size;
	f.to = f.end & ~7ull;
	f.from = kept < size ? (address + kept + 7) & ~7ull : f.to;
	if (freed)
		wipe_block(&f, address, head >> STORE_SIZE_SHIFT);
	/* In the middle of the old block none has begun. */
	take_all(&f, address + old, f.end);
	if (leftovers_links == LEFTOVERS_LINKS_GLIBC && f.from < f.to &&
	    (process.forked || header_of(p) & FLAG_ARENA))
		wipe_by_looks(&f);
}

/* Blocks that were freed before it, and may have ended in its middle: the chunk
 * that it was cut from began there. */
static void wipe_from_before(const struct fresh *f, uint64_t address)
{
	uint64_t step = address & -address; /* at least its alignment */

	for (uint64_t at =
		 address - (step < DIVIDED_MOST ? step : DIVIDED_MOST);
	     at < address; at += 16) {
		uint64_t *slot = shadow_slot(at), head, rest;

		if (!slot || !shadow_slot_known(slot))
			continue;
		head = READ_ONCE(*slot);
		rest = at + leftovers_chunk(head >> STORE_SIZE_SHIFT);
		if (!(head & STORE_HEAD) || !(head & STORE_FREED) ||
		    rest <= address)
			continue;
		wipe(f, rest, LINKS + 16);
		if (rest >= f->end)
			leave_record(rest);
		/* A chunk has begun in its middle. */
		CHANGE(*slot, head, LEFTOVERS_RECORD);
	}
}

void leftovers_divided(void *p)
{
	const uint64_t address = ADDRESS(p);
	uint64_t header, chunk, next;

	if (leftovers_links != LEFTOVERS_LINKS_GLIBC)
		return;
	header = header_of(p);
	chunk = header & ~FLAGS;
	if (header & FLAG_MAPPED)
		return;
	next = header_of((const char *)p + chunk) & ~FLAGS;
	if (next >= LEFTOVERS_CHUNK_LEAST && next < STORE_REGION)
		leave_record(address + chunk + next);
	wipe_from_before(&(struct fresh){ .from = address,
					  .to = address + chunk - CHUNK_HEADER,
					  .end = address + chunk },
			 address);
}

#define CACHE_CHUNK 0x290ull /* of struct tcache_perthread_struct */
#define TLS_MOST    4096ull  /* its address is so near, below the thread's */
static uint64_t cache_below; /* that many bytes; 0: not known */

COLD void leftovers_find_cache(uint64_t heap)
{
	const uint64_t self = ADDRESS(thread_pointer());
	static uint64_t words[TLS_MOST / 8];
	uint64_t size = TLS_MOST, header, found = 0;
	const int pid = sys_pid();

	if (sys_peek(pid, &header, heap + 8, 8) != 8 ||
	    (header & ~FLAGS) != CACHE_CHUNK)
		return;
	while (size && sys_peek(pid, words, self - size, size) != (long)size)
		size /= 2; /* the thread's variables have fewer pages */
	for (uint64_t i = 0; i < size / 8; i++) {
		if (words[i] != heap + 16)
			continue;
		if (found) /* which of the two is not known */
			return;
		found = size - i * 8;
	}
	cache_below = found;
}

COLD void leftovers_thread(void)
{
	const char *self = thread_pointer();
	uint64_t cache;

	if (!cache_below)
		return;
	memcpy(&cache, self - cache_below, sizeof(cache));
	if (!cache || cache % 16 ||
	    (header_of((const void *)(uintptr_t)cache) & ~FLAGS) != CACHE_CHUNK)
		return;
	leave_record(cache);
	leave_record(cache + CACHE_CHUNK);
}

size_t leftovers_kept(const void *p)
{
	uint64_t header;

	if (!p)
		return 0;
	if (leftovers_links != LEFTOVERS_LINKS_GLIBC)
		return LEFTOVERS_NONE;
	header = header_of(p);
	return (header & ~FLAGS) - (header & FLAG_MAPPED ? 16 : 8);
}

bool leftovers_remapped(const void *q, size_t kept)
{
	/* Of a chunk of its own mapping two words are not the block's. */
	return leftovers_links == LEFTOVERS_LINKS_GLIBC && kept % 16 == 0 &&
	       header_of(q) & FLAG_MAPPED;
}
