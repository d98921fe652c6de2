/* SPDX-License-Identifier: MIT */
/*
 * The block around an address: the nearest live one below.  A block's start may
 * be far away, so the search downwards leaves out what was never used of the
 * shadow, and each thread first tries the block that it found last: objects in
 * a pool follow each other.
 */
#ifndef BLOCK_AT_H
#define BLOCK_AT_H

#include <stdbool.h>
#include <stdint.h>

/* Start and size of the live block around `address`; false if there is none. */
bool block_at(uint64_t address, uint64_t *start, uint64_t *size);
/* The same for a block that starts at most `far` bytes below, in a few steps.
 */
bool block_at_near(uint64_t address, uint64_t far, uint64_t *start,
		   uint64_t *size);

#endif
