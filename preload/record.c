/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>

#include "shadow.h"
#include "stacks.h"
#include "thread.h"

/* A stack that was not seen lately. */
static COLD struct thread_leaf *fill(struct thread *t, struct thread_leaf *leaf,
				     uint32_t node)
{
	leaf->stack = stacks_number(node, t->walk.truncated, t->area->limits);
	leaf->counter = thread_counter(t->area, leaf->stack);
	leaf->node = leaf->counter && leaf->stack ? node : 0;
	if (!leaf->counter)
		leaf->counter = &t->no_room;
	return leaf;
}

static inline struct thread_leaf *leaf_of(struct thread *t, uint32_t node)
{
	struct thread_leaf *leaf = &t->leaves[node % THREAD_LEAVES];

	return likely(node && leaf->node == node) ? leaf : fill(t, leaf, node);
}

static COLD struct thread_leaf *nowhere(struct thread *t)
{
	t->area->limits[RKN_LIMIT_TRUNCATED_STACK]++;
	return fill(t, &t->leaves[0], 0);
}

static __attribute__((noinline)) uint32_t
walk(struct thread *t, uint64_t pc, uint64_t sp, uint64_t rbp, uint64_t most)
{
	uint32_t node;

	if (unlikely(!unwind_walk(&t->walk, pc, sp, rbp, most)))
		thread_forget(t);
	node = stacks_node(&t->memo, &t->walk, t->area->limits);
	unwind_note(&t->walk, node);
	return node;
}

/* The stack of the caller of the hook whose frame is `frame`. */
static inline struct thread_leaf *stack_here(struct thread *t,
					     const void *frame)
{
	const uint64_t *words = frame;
	uint64_t sp = (uint64_t)(uintptr_t)(words + 2);
	uint64_t most = thread_stack_end(t, sp);
	uint32_t node;

	if (unlikely(!most))
		return nowhere(t);
	node = unwind_recall(&t->walk, words[1], sp, words[0], most);
	if (unlikely(!node))
		node = walk(t, words[1], sp, words[0], most);
	return leaf_of(t, node);
}

/* Each counter changes by one instruction: see alloc_outside(). */
static inline void count_alloc(struct store_area *a, struct store_counter *c,
			       uint64_t size)
{
	a->allocations++;
	a->allocated_bytes += size;
	c->allocations++;
	c->allocated_bytes += size;
}

static inline void count_free(struct store_area *a, uint32_t stack,
			      uint64_t size)
{
	struct store_counter *c = thread_counter(a, stack);

	a->frees++;
	a->freed_bytes += size;
	if (likely(c)) {
		c->frees++;
		c->freed_bytes += size;
	}
}

/*
 * A block that is not known is not searched for pointers, and what it holds
 * would look leaked: without room for all blocks recording ends.
 */
static COLD void not_kept(struct store_area *a, enum rkn_limit_number limit)
{
	a->limits[limit]++;
	if (limit == RKN_LIMIT_STORE_FULL)
		process_off_store(-ENOSPC);
}

/*
 * A signal handler interrupted this thread inside refknot, or the thread has
 * no area: the block is kept, its stack is not known. Each counter changes by
 * one instruction, so an interrupted update is not lost.
 */
static COLD void alloc_outside(void *p, size_t size)
{
	struct shadow_block b = { .size = size };
	struct thread *t = thread_attached();
	enum rkn_limit_number limit;
	struct store_counter *c;

	if (!process_page.epoch) {
		process_missed();
		return;
	}
	limit = shadow_set((uint64_t)(uintptr_t)p, &b);
	if (!t || t->gate.epoch != process_page.epoch) {
		process_missed();
	} else if (limit == RKN_LIMITS) {
		c = thread_counter(t->area, 0);
		t->area->limits[RKN_LIMIT_NESTED]++;
		count_alloc(t->area, c ? c : &t->no_room, size);
	} else {
		not_kept(t->area, limit);
	}
}

/* Where there is no shortcut to the block's slot, or its size takes three. */
static COLD void alloc_slowly(struct thread *t, uint64_t address, uint64_t size,
			      const struct thread_leaf *leaf)
{
	uint64_t extra = thread_extra(t);
	struct shadow_block b = { size, extra >> STORE_BIRTH_SHIFT, leaf->stack,
				  t->serial };
	enum rkn_limit_number limit = shadow_set(address, &b);

	if (unlikely(limit != RKN_LIMITS)) {
		not_kept(t->area, limit);
		return;
	}
	count_alloc(t->area, leaf->counter, size);
	thread_more(t, size);
	shadow_learn(t->ways, address, size < 1 << SHADOW_WAY_SHIFT);
}

void record_alloc(void *p, size_t size, const void *frame)
{
	uint64_t address = (uint64_t)(uintptr_t)p, *slot;
	struct thread *t = thread_enter();
	const struct thread_leaf *leaf;

	if (unlikely(!t)) {
		alloc_outside(p, size);
		return;
	}
	leaf = stack_here(t, frame);
	slot = shadow_shortcut(t->ways, address);
	if (likely(slot && !(size >> 32))) {
		slot[1] = thread_extra(t);
		__atomic_store_n(slot, shadow_head(size, leaf->stack),
				 __ATOMIC_RELEASE);
		count_alloc(t->area, leaf->counter, size);
		thread_more(t, size);
	} else {
		alloc_slowly(t, address, size, leaf);
	}
	thread_leave(t);
}

static COLD void free_outside(void *p, struct record_freed *freed)
{
	struct thread *t = thread_attached();
	struct shadow_block b;

	if (!process_page.epoch || !shadow_take((uint64_t)(uintptr_t)p, &b))
		return;
	*freed = (struct record_freed){ true, b.stack, b.size };
	if (t && t->gate.epoch == process_page.epoch)
		count_free(t->area, b.stack, b.size);
	else
		process_missed();
}

static COLD void free_slowly(struct thread *t, uint64_t address,
			     struct record_freed *freed)
{
	struct shadow_block b;

	if (unlikely(!shadow_take(address, &b))) {
		t->area->limits[RKN_LIMIT_UNKNOWN_FREE]++;
		return;
	}
	*freed = (struct record_freed){ true, b.stack, b.size };
	count_free(t->area, b.stack, b.size);
	thread_less(t, b.size);
	shadow_learn(t->ways, address, false);
}

void record_free(void *p, struct record_freed *freed)
{
	uint64_t address = (uint64_t)(uintptr_t)p, *slot, head;
	struct thread *t = thread_enter();

	freed->known = false;
	if (unlikely(!t)) {
		free_outside(p, freed);
		return;
	}
	slot = shadow_shortcut(t->ways, address);
	head = slot ? *slot : 0;
	if (likely(shadow_is_live(head) && !(head & STORE_BIG))) {
		uint64_t size = head >> STORE_SIZE_SHIFT;

		__atomic_store_n(slot, head | STORE_FREED, __ATOMIC_RELEASE);
		*freed =
		    (struct record_freed){ true, shadow_stack(head), size };
		count_free(t->area, shadow_stack(head), size);
		thread_less(t, size);
	} else {
		free_slowly(t, address, freed);
	}
	thread_leave(t);
}

void record_undo(void *p, const struct record_freed *freed)
{
	struct store_counter *c;
	struct thread *t;

	if (!freed->known)
		return;
	shadow_restore((uint64_t)(uintptr_t)p);
	t = thread_enter();
	if (!t)
		return;
	t->area->frees--;
	t->area->freed_bytes -= freed->size;
	c = thread_counter(t->area, freed->stack);
	if (c) {
		c->frees--;
		c->freed_bytes -= freed->size;
	}
	thread_more(t, freed->size);
	thread_leave(t);
}
