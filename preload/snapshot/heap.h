/* SPDX-License-Identifier: MIT */
/*
 * What belongs to the allocator.  Its pages are searched as blocks and never as
 * roots, or what freed blocks still hold would hide leaks.  If it is not known
 * whose a page is, the page counts as a root: a leak may be missed, none is
 * invented.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"
#include "compiler.h"
#include "maps.h"

/* Whether the program has asked how many bytes of any block it may use. */
extern HIDDEN bool heap_asked;

/* Finds glibc's own tables. Early: while most of its lists are still empty. */
void heap_init(void);

/* Where glibc's first arena is; 0 if that is not known. */
uint64_t heap_arena(void);

/* The part of [start, end) that is glibc's first arena: pointers in it lead to
 * chunks, not to blocks. False if there is none. */
bool heap_first_arena(uint64_t start, uint64_t end, uint64_t *from,
		      uint64_t *to);

/*
 * The end of the arena, or part of one, that glibc made for a thread, if
 * `address` lies in what looks like one; else 0. `maps` are all mappings,
 * ascending.
 */
uint64_t heap_part_end(uint64_t address, const struct map *maps,
		       uint32_t count);

/* The same, if a block of the program's was ever there; not one of its
 * parent's. */
uint64_t heap_arena_end(uint64_t address, const struct map *maps,
			uint32_t count);

/* Whether the whole page of `address` is the allocator's. */
bool heap_owns(const struct blocks *b, uint64_t address, const struct map *maps,
	       uint32_t count);

/*
 * Bytes from a block's start that the program may use: those that it asked for,
 * or all usable ones if it asked for their number (malloc_usable_size).
 */
uint64_t heap_usable(const struct store_block *b);

#endif
