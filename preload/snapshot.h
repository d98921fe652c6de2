/* SPDX-License-Identifier: MIT */
/* One consistent picture of blocks, pointers and roots. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "stop.h"

/*
 * Stop the other threads, find all live blocks, search roots and blocks for
 * pointers, write what was found into the store, let the threads go on. What
 * could not be done is counted in the limits. Only once, at the end.  `self` is
 * the calling thread, see stop_note_caller(); it may be on another stack now.
 */
void snapshot_take(const struct stopped *self);

#endif
