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

#include "compiler.h"
#include "store.h"
#include "unwind.h"

/* Forgets all: the store is a new one. Returns 0 or -ENOMEM. */
int stacks_reset(void);

/*
 * What a thread remembers of the tree; zeros: nothing. It begins with few
 * places, and has all when so many more were asked for than it has: most threads
 * know few stacks.
 */
#define STACKS_BITS     10
#define STACKS_FEW_BITS 6
struct stacks_known {
	uint64_t pc; /* 0: empty */
	uint32_t parent, node;
};
struct stacks_memo {
	struct stacks_known many[1 << STACKS_BITS];
	struct stacks_known few[1 << STACKS_FEW_BITS];
	uint32_t missed; /* by the few */
};
/* Whether the thread knows few stacks. */
static inline bool stacks_few(const struct stacks_memo *memo)
{
	return memo->missed < 2u << STACKS_FEW_BITS;
}

/* A child that the thread does not remember: finds or makes it, and remembers
 * it. 0 if the table is full. */
uint32_t stacks_child_slowly(struct stacks_memo *memo, uint32_t parent,
			     uint64_t pc);

/* The two products do not wait for each other. */
static inline uint64_t stacks_hash(uint32_t parent, uint64_t pc)
{
	return pc * 0x9e3779b97f4a7c15u + parent * 0xc2b2ae3d27d4eb4fu;
}

/* Where that child is, if it is remembered. */
static inline struct stacks_known *stacks_place(struct stacks_memo *memo,
						uint32_t parent, uint64_t pc)
{
	const uint64_t hash = stacks_hash(parent, pc);

	return stacks_few(memo) ? &memo->few[hash >> (64 - STACKS_FEW_BITS)]
				: &memo->many[hash >> (64 - STACKS_BITS)];
}

static inline uint32_t stacks_child(struct stacks_memo *memo, uint32_t parent,
				    uint64_t pc)
{
	const struct stacks_known *k = stacks_place(memo, parent, pc);

	if (likely(k->pc == pc && k->parent == parent))
		return k->node;
	return stacks_child_slowly(memo, parent, pc);
}

/*
 * The node of `w`'s innermost frame. Looks up nodes for frames that have none.
 * If the table is full, the result is an outer frame's node, or 0 if there is
 * none, and `limits` (by enum rkn_limit_number) counts that.
 */
static inline uint32_t stacks_node(struct stacks_memo *memo, struct walk *w,
				   uint64_t *limits)
{
	struct walk_frame *end = &w->frames[w->count], *f = end;
	uint32_t node;

	while (!f->node && f > w->frames)
		f--;
	for (node = f->node; f < end; f->node = node) {
		uint32_t n = stacks_child(memo, node, (++f)->pc);

		if (unlikely(!n)) {
			limits[RKN_LIMIT_FRAMES_FULL]++;
			break;
		}
		node = n;
	}
	if (unlikely(w->truncated))
		limits[RKN_LIMIT_TRUNCATED_STACK]++;
	return node;
}

/*
 * The number, in the store's table of stacks, of the stack that ends in `node`.
 * If the table is full, it is an outer frame's, or 0, and `limits` counts that.
 */
uint32_t stacks_number(uint32_t node, bool truncated, uint64_t *limits);

/* From now on frames of module `number`, at start .. end-1, are not found. */
void stacks_forget(uint64_t start, uint64_t end, uint32_t number);

/* A module may have been unloaded: from now on its frames are not found, so
 * that a module that is loaded at the same place later gets frames of its own.
 */
void stacks_forget_unloaded(void);

#endif
