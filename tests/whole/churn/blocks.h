/* SPDX-License-Identifier: MIT */
/*
 * Blocks by number, and pointers between them: what is done to memory and what
 * stands in the book are one. No caller ever has an address in its hands. Where
 * nothing else is said, only one thread at a time.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "sites.h"
#include "world.h"

extern struct book *book;

/* Begin the book of this process, as a file. */
void blocks_open(const char *path, uint64_t seed);
/* In a forked child: a book of its own, in which all that is alive is
 * inherited. */
void blocks_fork(const char *path);
/* Are there less than `n` blocks or pointers left? */
bool blocks_full(uint32_t n);

enum fill { FILL_NOTHING, FILL_TEXT, FILL_ALL };

/* A block that nothing points at: the caller points at it, or it is lost.
 * By any thread. */
uint32_t blocks_make(struct world *w, unsigned site, enum how how, size_t size,
		     enum fill fill);
/* The same anyhow, of that size, and what a program may do with it. */
uint32_t blocks_make_some(struct world *w, size_t size);
size_t blocks_some_size(struct world *w, size_t least);
size_t blocks_size(uint32_t block);

/* Write a pointer to byte `offset` of `to` at byte `at` of `from`, or in a
 * root, where none is. By any thread. */
void blocks_point(uint32_t from, size_t at, uint32_t to, size_t offset);
/* It is there already, in a root. */
void blocks_hold(uint32_t from, uint32_t to);
/* Overwrite it. */
void blocks_cut(struct world *w, uint32_t ref);
/* The memory that it is in is no more. */
void blocks_forget(struct world *w, uint32_t ref);
/* The pointer that stands there; BOOK_NONE. */
uint32_t blocks_ref_at(uint32_t from, size_t at);
/* A byte of it that a pointer can be written to; SIZE_MAX: none. */
size_t blocks_room(struct world *w, uint32_t block);

/* Blocks are freed with the pointers that are in them; and all bytes of what is
 * allocated are written, so that none of those is in a block again. */
extern bool blocks_stale;

/* Overwrite all pointers to it, and in it unless they stay, and free it. By any
 * thread. */
void blocks_free(struct world *w, uint32_t block);
bool blocks_may_free(uint32_t block);
/* realloc; what points into it goes with it. */
void blocks_resize(struct world *w, uint32_t block, size_t size);
/* Leave a pointer to `to` behind the end of `block`, which stays fixed. */
void blocks_shrink_over(struct world *w, uint32_t block, size_t at, uint32_t to,
			size_t size);

/* Is everything in memory as it is in the book? */
bool blocks_are_right(void);

/* A random block that can be reached and has that many bytes; BOOK_NONE. */
uint32_t blocks_pick(struct world *w, size_t least);
/* A random pointer in one, or in a root, that may be overwritten; BOOK_NONE. */
uint32_t blocks_pick_ref(struct world *w, bool in_root);
/* Put it anywhere. */
void blocks_place(struct world *w, uint32_t block);

#endif
