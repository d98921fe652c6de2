/* SPDX-License-Identifier: MIT */
/*
 * Coroutines of ucontext.h that are switched out.  What lies below the stack
 * pointer of one is left of frames that have returned, and holds nothing.  Only
 * where that is certain: the program left the coroutine by swapcontext(), has
 * not gone on with it since, by whatever way, and its stack is still the same
 * block or mapping.  Else all of it counts as in use.
 */
#ifndef CONTEXTS_H
#define CONTEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "stop.h"

/* The thread is about to save what it does in `from` (NULL: nowhere) and to go
 * on as `to`. No lock; on stacks of any size. */
void contexts_switch(const void *from, const void *to);

/* Mappings there end, or begin: what was known of stacks in them is not any
 * more. */
void contexts_forget(uint64_t start, uint64_t end);

/* Where the stacks of contexts that were ever switched begin, one after the
 * other: *at is 0 at first. 0: there are no more. */
uint64_t contexts_stacks_next(uint32_t *at);

/* Find the dead parts, for contexts_dead(): at a snapshot, with all threads
 * stopped. */
void contexts_collect(const struct stop *s);

/* How many coroutines wait, as contexts_collect() found. */
extern HIDDEN uint32_t contexts_count;

/* Does [start, end) touch a dead part? Then *from .. *to is the first such part
 * of it. */
bool contexts_find(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);

static inline bool contexts_dead(uint64_t start, uint64_t end, uint64_t *from,
				 uint64_t *to)
{
	return unlikely(contexts_count) && contexts_find(start, end, from, to);
}

/* The lowest stack pointer in [start, end) of what waits there, coroutine or
 * not; or `end`. After contexts_collect(). */
uint64_t contexts_lowest(uint64_t start, uint64_t end);

/* Is any coroutine's stack, dead or not, between these addresses? */
bool contexts_know(uint64_t start, uint64_t end);

#endif
