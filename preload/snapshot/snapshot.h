/* SPDX-License-Identifier: MIT */
/* One consistent picture of blocks, pointers and roots. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "stop.h"

/*
 * Stop the other threads, find all live blocks, search roots and blocks for
 * pointers, write what was found into the store, let the threads go on. What
 * could not be done is counted in the limits. Only once, at the end.  `self` is
 * the calling thread, see stopped_note_caller(); it may be on another stack now.
 */
void snapshot_take(const struct stopped *self);

struct snapshot_lost {
	uint64_t blocks;
	uint64_t bytes;
};

/*
 * The same for one answer: blocks that nothing leads to, not even a pointer
 * into their middle, are added to `lost`. Nothing is written, and recording goes
 * on; as often as wanted, by one thread at a time. False: it cannot be told, as
 * a thread did not stop, or there is no memory.
 */
bool snapshot_find_lost(const struct stopped *self, struct snapshot_lost *lost);

#endif
