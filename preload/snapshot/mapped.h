/* SPDX-License-Identifier: MIT */
/*
 * The mappings that the program makes itself, by call site: what it maps, unmaps
 * and moves through the C library's functions.  What the C library maps for itself
 * (malloc, stacks of threads) does not come here.
 *
 * No malloc; a thread waits for another a moment only, and what it cannot note is
 * counted. All of it may run in a signal handler.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stdint.h>

/* A mapping was made; what else was there is gone. `flags`: enum rkn_mapped_flag.
 * `frame` is the hook's. */
void mapped_add(uint64_t start, uint64_t size, uint32_t flags,
		const void *frame);

/* Before a call that unmaps or moves: what is mapped up to now. */
uint64_t mapped_moment(void);
/* [start, start+size) was unmapped or moved, as far as it was there at that moment.
 * Returns the flags of the first mapping that was there; 0: none is known. */
uint32_t mapped_remove(uint64_t start, uint64_t size, uint64_t since);

/* The program moved its break itself. */
void mapped_break(uint64_t before, uint64_t after, const void *frame);

/* At a snapshot: whether no thread stands still while it changes the table. */
bool mapped_settled(void);
/* Before a snapshot: what a handler unmapped while the table was changed. */
void mapped_settle(void);

/* The recording is a new one. */
void mapped_reset(void);

#endif
