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

struct mapped_cut {
	uint32_t site; /* of the mapping that was there as a whole; 0: none */
	uint32_t flags, thread;
};

/* A mapping was made; `flags`: enum rkn_mapped_flag. `frame` is the hook's. */
void mapped_add(uint64_t start, uint64_t size, uint32_t flags,
		const void *frame);

/* [start, start+size) is about to be unmapped or moved. */
void mapped_remove(uint64_t start, uint64_t size, struct mapped_cut *cut);
/* It was not. */
void mapped_undo(uint64_t start, uint64_t size, const struct mapped_cut *cut);

/* The program moved its break itself. */
void mapped_break(uint64_t before, uint64_t after, const void *frame);

/* At a snapshot: whether no thread stands still while it changes the table. */
bool mapped_settled(void);

/* The recording is a new one. */
void mapped_reset(void);

#endif
