/* SPDX-License-Identifier: MIT */
/* One consistent picture of blocks, pointers and roots. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "stop.h"

/*
 * Stops the other threads, finds all live blocks, searches roots and blocks for
 * pointers, writes what it found into the store, and lets the threads go on.
 * The limits count what could not be done. Only once, at the end. `self` is the
 * calling thread, see stopped_note_caller(); it may be on another stack now.
 */
void snapshot_take(const struct stopped *self);

struct snapshot_lost {
	uint64_t blocks;
	uint64_t bytes;
};

/*
 * The same for one answer: adds to `lost` the blocks that nothing leads to, not
 * even a pointer into their middle. Writes nothing, and recording goes on; as
 * often as wanted, by one thread at a time. False if it is not known, as a
 * thread did not stop, or there is no memory.
 */
bool snapshot_find_lost(const struct stopped *self, struct snapshot_lost *lost);

#endif
