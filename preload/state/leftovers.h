/* SPDX-License-Identifier: MIT */
/*
 * What the allocator leaves in memory that it hands out: links of its lists. A
 * link is an address in the heap, and in a block that the program does not fill
 * it looks like a pointer of the program's, which hides leaks.  The bytes of a
 * new block mean nothing to the program, so the links are cleared there.
 *
 * A link is where a free chunk began: at the start of the block that was freed,
 * or behind a block that took only a part of a free chunk.  The shadow knows
 * both, for a freed block's record stays until leftovers_clear() removes it.
 * In a forked child, which does not know its parent's blocks, and in arenas of
 * threads, which have chunks that no hook sees, links are also known by their
 * looks.  So the search at the end need not guess what is a link.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "store.h"

/* Where links are in a free chunk. Set when the allocator is known. */
enum leftovers_links {
	LEFTOVERS_LINKS_NONE,  /* nowhere, or the program wants it */
	LEFTOVERS_LINKS_FIRST, /* in the first word */
	LEFTOVERS_LINKS_GLIBC, /* fd, bk, fd_nextsize, bk_nextsize */
};
extern HIDDEN enum leftovers_links leftovers_links;

/* glibc's smallest chunk. */
#define LEFTOVERS_CHUNK_LEAST 32ull

/* Bytes of glibc's chunk for a request: a multiple of 16, 8 of them for its own
 * size. It may get a little more. */
static inline uint64_t leftovers_chunk(uint64_t request)
{
	uint64_t size = (request + 8 + 15) & ~15ull;

	return size < LEFTOVERS_CHUNK_LEAST ? LEFTOVERS_CHUNK_LEAST : size;
}

/* In a slot: links may be here, though no block was. */
#define LEFTOVERS_RECORD (STORE_HEAD | STORE_FREED)

/* All bytes of a new block mean something: it came from calloc. */
#define LEFTOVERS_NONE SIZE_MAX

/*
 * Whether the block that was freed at the same place, whose record is `head`,
 * was as long as the new one, whose record will be `now`. Then no chunk has
 * begun in the middle since.
 */
static inline bool leftovers_same(uint64_t head, uint64_t now)
{
	return !((head ^ now) & (STORE_SIZE_MASK | STORE_HEAD));
}

/* Whether its chunk, of glibc's, was as long as the new one's. May miss that of
 * the smallest. */
static inline bool leftovers_same_chunk(uint64_t head, uint64_t size)
{
	const uint64_t rest = 8 + 15; /* as in leftovers_chunk() */

	return head & STORE_HEAD &&
	       (((head >> STORE_SIZE_SHIFT) + rest) ^ (size + rest)) < 16;
}

/* Clears the links at the start of `p`, which the allocator just returned. */
static inline __attribute__((always_inline)) void
leftovers_clear_first(void *p, size_t size)
{
	uint64_t *words = (uint64_t *)p;

	if (likely(leftovers_links == LEFTOVERS_LINKS_GLIBC)) {
		/* The smallest block has 24 bytes, the next one 40. */
		words[0] = words[1] = words[2] = 0;
		words[size > 24 ? 3 : 2] = 0;
	} else if (leftovers_links == LEFTOVERS_LINKS_FIRST &&
		   size >= sizeof(*words)) {
		words[0] = 0;
	}
}

/* The same if realloc() copied the first `kept` bytes from another block. */
static inline void leftovers_clear_moved(void *q, size_t size, size_t kept)
{
	if (leftovers_links == LEFTOVERS_LINKS_GLIBC && kept == 24 && size > 24)
		((uint64_t *)q)[3] = 0;
}

/*
 * Clears those in its middle, and the records of the blocks that were freed
 * there. Call it before the block is recorded. The first `kept` bytes mean
 * something: realloc() copied them.
 */
void leftovers_clear(void *p, size_t size, size_t kept);

/*
 * `p`, which is new, is aligned, so the allocator has cut it from the middle of
 * a chunk. What it cut off behind is a chunk that was never a block, and links
 * may be where that ends; what is before it may be of a block that ended in its
 * middle.
 */
void leftovers_divided(void *p);

/*
 * glibc's list of what a thread freed lately is a chunk, too, which no hook
 * sees and the thread's first malloc makes. leftovers_find_cache() learns from
 * the main thread's, the first chunk of the heap that starts at `heap`, where
 * threads keep its address; leftovers_thread() notes where the calling thread's
 * ends.
 */
void leftovers_find_cache(uint64_t heap);
void leftovers_thread(void);

/* How many bytes of `p`, which goes to realloc(), mean something to the
 * program. */
size_t leftovers_kept(const void *p);
/* Whether the kernel moved that block to `q`, and no byte was copied. */
bool leftovers_remapped(const void *q, size_t kept);

#endif
