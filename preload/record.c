/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>

#include "shadow.h"
#include "stacks.h"
#include "thread.h"

static inline uint32_t stack_here(struct thread *t, const void *frame)
{
	const uint64_t *words = frame;
	uint64_t sp = (uint64_t)(uintptr_t)(words + 2);
	uint64_t most = thread_stack_end(t, sp);

	if (unlikely(!most)) {
		t->area->limits[RKN_LIMIT_TRUNCATED_STACK]++;
		return 0;
	}
	unwind_walk(&t->walk, words[1], sp, words[0], most);
	return stacks_add(&t->walk, (uint32_t)process.settings.depth,
			  t->area->limits);
}

static inline void count_alloc(struct store_area *a,
			       const struct shadow_block *b)
{
	struct store_counter *c = thread_counter(a, b->stack);

	a->allocations++;
	a->allocated_bytes += b->size;
	if (likely(c)) {
		c->allocations++;
		c->allocated_bytes += b->size;
	}
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

static inline void change_live(struct thread *t, int64_t bytes)
{
	t->live += bytes;
	if (t->live > t->live_most)
		t->live_most = t->live;
	if (unlikely(t->live > THREAD_PUBLISH || t->live < -THREAD_PUBLISH))
		thread_publish(t);
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
	struct thread *t = thread_self;
	enum rkn_limit_number limit;

	if (!process_page.epoch) {
		process_missed();
		return;
	}
	limit = shadow_set((uint64_t)(uintptr_t)p, &b);
	if (!t || t->epoch != process_page.epoch) {
		process_missed();
	} else if (limit == RKN_LIMITS) {
		t->area->limits[RKN_LIMIT_NESTED]++;
		count_alloc(t->area, &b);
	} else {
		not_kept(t->area, limit);
	}
}

void record_alloc(void *p, size_t size, const void *frame)
{
	struct thread *t = thread_enter();
	enum rkn_limit_number limit;
	struct shadow_block b;

	if (unlikely(!t)) {
		alloc_outside(p, size);
		return;
	}
	b.size = size;
	b.birth = thread_birth(t);
	b.stack = stack_here(t, frame);
	b.thread = t->serial;
	limit = shadow_set((uint64_t)(uintptr_t)p, &b);
	if (likely(limit == RKN_LIMITS)) {
		count_alloc(t->area, &b);
		change_live(t, (int64_t)size);
	} else {
		not_kept(t->area, limit);
	}
	thread_leave(t);
}

static COLD void free_outside(void *p, struct record_freed *freed)
{
	struct thread *t = thread_self;
	struct shadow_block b;

	if (!process_page.epoch)
		return;
	if (!shadow_take((uint64_t)(uintptr_t)p, &b))
		return;
	*freed = (struct record_freed){ true, b.stack, b.size };
	if (t && t->epoch == process_page.epoch)
		count_free(t->area, b.stack, b.size);
	else
		process_missed();
}

void record_free(void *p, struct record_freed *freed)
{
	struct thread *t = thread_enter();
	struct shadow_block b;

	freed->known = false;
	if (unlikely(!t)) {
		free_outside(p, freed);
		return;
	}
	if (likely(shadow_take((uint64_t)(uintptr_t)p, &b))) {
		*freed = (struct record_freed){ true, b.stack, b.size };
		count_free(t->area, b.stack, b.size);
		change_live(t, -(int64_t)b.size);
	} else {
		t->area->limits[RKN_LIMIT_UNKNOWN_FREE]++;
	}
	thread_leave(t);
}

void record_undo(void *p, const struct record_freed *freed)
{
	struct thread *t;

	if (!freed->known)
		return;
	shadow_restore((uint64_t)(uintptr_t)p);
	t = thread_enter();
	if (!t)
		return;
	t->area->frees--;
	t->area->freed_bytes -= freed->size;
	struct store_counter *c = thread_counter(t->area, freed->stack);

	if (c) {
		c->frees--;
		c->freed_bytes -= freed->size;
	}
	change_live(t, (int64_t)freed->size);
	thread_leave(t);
}
