/* SPDX-License-Identifier: MIT */
/*
 * Every distinct call stack, once: a tree of (parent, return address) in the
 * store, that only grows.  Insertion is lock-free, lookup is wait-free; both
 * may run inside malloc and in a signal handler.
 */
#ifndef STACKS_H
#define STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind.h"

/* Forget all: the store is a new one. */
void stacks_reset(void);

/*
 * The number of `w`'s stack, at most `depth` frames of it, in the store's
 * table of stacks. Nodes are looked up for frames that have none. A full
 * table gives an outer frame's stack and counts that in `limits` (by enum
 * rkn_limit_number); 0 when there is none.
 */
uint32_t stacks_add(struct walk *w, uint32_t depth, uint64_t *limits);

/* Frames of module `number`, at start .. end-1, are not found any more. */
void stacks_forget(uint64_t start, uint64_t end, uint32_t number);

#endif
