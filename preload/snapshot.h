/* SPDX-License-Identifier: MIT */
/* One consistent picture of blocks, pointers and roots. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>

/*
 * Stop the other threads, find all live blocks, search roots and blocks for
 * pointers, write what was found into the store, let the threads go on. What
 * could not be done is counted in the limits. Only once, at the end.  The
 * calling thread's stack is searched from `low` up.
 */
void snapshot_at_exit(uint64_t low);

#endif
