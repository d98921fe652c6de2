/* SPDX-License-Identifier: MIT */
/*
 * Coroutines of ucontext.h that are switched out.  Below a coroutine's stack
 * pointer lies what returned frames left, which holds nothing.  That counts
 * only if it is certain: the program left the coroutine by swapcontext(), has
 * not continued it since, in any way, and its stack is still the same block or
 * mapping.  Else all of its stack counts as in use.
 */
#ifndef CONTEXTS_H
#define CONTEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "stop.h"

/* The thread is about to save its state in `from` (NULL: nowhere) and to go on
 * as `to`. Takes no lock; runs on stacks of any size. */
void contexts_switch(const void *from, const void *to);

/* Mappings there end, or begin: forgets what was known of stacks in them. */
void contexts_forget(uint64_t start, uint64_t end);

/* The start of each stack of contexts that were ever switched, one after the
 * other: *at is 0 at first. 0 if there are no more. */
uint64_t contexts_stacks_next(uint32_t *at);

/* Finds the dead parts, for contexts_find(): at a snapshot, with all threads
 * stopped. */
void contexts_collect(const struct stop *s);

/* How many coroutines wait, as contexts_collect() found. */
extern HIDDEN uint32_t contexts_count;

/* Whether [start, end) overlaps a dead part; then *from .. *to is the first
 * such part of it. */
bool contexts_find(uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);

static inline bool contexts_dead(uint64_t start, uint64_t end, uint64_t *from,
				 uint64_t *to)
{
	return unlikely(contexts_count) && contexts_find(start, end, from, to);
}

/* The lowest stack pointer in [start, end) of what waits there, coroutine or
 * not; `end` if there is none. After contexts_collect(). */
uint64_t contexts_lowest(uint64_t start, uint64_t end);

/* Whether a coroutine's stack, dead or not, is between these addresses. */
bool contexts_know(uint64_t start, uint64_t end);

#endif
