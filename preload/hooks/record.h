/* SPDX-License-Identifier: MIT */
/*
 * One event, from hook to store.  `frame` is the hook's own frame address
 * (__builtin_frame_address(0)): its caller's rbp and the return address are
 * there.  No function changes errno.
 *
 * What almost every malloc and free goes through is inline: a block whose slots
 * are known and a stack that was noted.  All else is in record.c.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leftovers.h"
#include "regions.h"
#include "thread.h"
#include "walk.h"

/* One instruction: a signal handler's addition is not lost, and readers that
 * sum the counters of all threads see no torn value. See record_outside(). */
static inline void record_count(uint64_t *counter, uint64_t more)
{
	__asm__("addq %1, %0" : "+m"(*counter) : "er"(more) : "cc");
}

static inline void record_count_alloc(struct store_area *a,
				      struct store_counter *c, uint64_t size)
{
	record_count(&a->allocations, 1);
	record_count(&a->allocated_bytes, size);
	record_count(&c->allocations, 1);
	record_count(&c->allocated_bytes, size);
}

static inline void record_count_free(struct store_area *a, uint32_t stack,
				     uint64_t size)
{
	struct store_counter *c = thread_counter(a, stack);

	record_count(&a->frees, 1);
	record_count(&a->freed_bytes, size);
	if (likely(c)) {
		record_count(&c->frees, 1);
		record_count(&c->freed_bytes, size);
	}
}

/* Records a block without a shortcut to its slots, with a size that takes three
 * slots, or of a thread that takes the long way. */
void record_block(struct thread *t, void *p, size_t size, size_t kept,
		  const struct walk_leaf *leaf);

/* Records a block of a thread that may not go inside. */
void record_outside(void *p, size_t size, size_t kept);

/* The real allocator has returned `p` (not NULL), of whose bytes the first
 * `kept` mean something; see leftovers.h. */
static inline __attribute__((always_inline)) void
record_alloc_here(void *p, size_t size, size_t kept, const void *frame)
{
	struct thread *t = thread_enter(frame);
	const struct walk_leaf *leaf;
	uint64_t *slot;

	if (unlikely(!t)) {
		if (!READ_ONCE(process_over))
			record_outside(p, size, kept);
		return;
	}
	leaf = walk_from(t, frame);
	slot = shadow_shortcut(t->ways, ADDRESS(p));
	if (likely(slot && !(size >> 32) && !t->detour)) {
		const uint64_t head = leaf->head | size << STORE_SIZE_SHIFT;

		if (unlikely(!leftovers_same(READ_ONCE(*slot), head)))
			leftovers_clear(p, size, kept);
		WRITE_ONCE(slot[1], thread_extra(t));
		STORE_RELEASE(*slot, head);
		record_count_alloc(t->area, leaf->counter, size);
		thread_more(t, size);
	} else {
		record_block(t, p, size, kept, leaf);
	}
	thread_leave(t);
}
void record_alloc(void *p, size_t size, size_t kept, const void *frame);

/* Notes that the program asked how many bytes of `p` (not NULL) it may use. */
void record_whole(void *p);

/* What record_take() took out, for record_undo(). */
struct record_freed {
	bool known;
	bool noted;       /* objects were in it */
	uint32_t objects; /* that were in it, see objects_lift(); after
			     record_settle() those that ended; 0: none */
	uint32_t type;    /* of the object at its start; 0: none */
	uint32_t stack;
	uint64_t size;
};

/* The live block, smaller than 4 GiB, whose slot has `head`. */
static inline __attribute__((always_inline)) void
record_free_here(struct thread *t, uint64_t *slot, uint64_t head,
		 const void *frame)
{
	uint64_t size = head >> STORE_SIZE_SHIFT;

	WRITE_ONCE(slot[1], shadow_freed(((const uint64_t *)frame)[1]));
	STORE_RELEASE(*slot, head | STORE_FREED);
	record_count_free(t->area, shadow_stack(head), size);
	thread_less(t, size);
}

/* `p` (not NULL) is about to be given to the real allocator. */
void record_free_slowly(void *p, const void *frame);
static inline __attribute__((always_inline)) void record_free(void *p,
							      const void *frame)
{
	struct thread_gate *gate = thread_self;
	struct thread *t = thread_behind(gate);
	uint64_t *slot, head;

	/* Nothing here is in danger from a handler's allocations, so that the
	 * thread need not go inside. */
	if (unlikely(gate->epoch != READ_ONCE(process_page.epoch))) {
		if (!READ_ONCE(process_over))
			record_free_slowly(p, frame);
		return;
	}
	slot = shadow_shortcut(t->ways, ADDRESS(p));
	if (unlikely(!slot))
		return record_free_slowly(p, frame);
	head = READ_ONCE(*slot);
	if (unlikely((head & (STORE_HEAD | STORE_FREED | STORE_BIG |
			      STORE_NOTED)) != STORE_HEAD ||
		     t->detour))
		return record_free_slowly(p, frame);
	record_free_here(t, slot, head, frame);
}

/*
 * The same for realloc. First, while the thread may wait for locks,
 * record_lift() takes the objects in it out; then record_take() takes the
 * block, which moves from then on (realloc_window_begin()). record_undo() puts
 * it back if the call failed. record_settle() puts the objects where they are
 * now, and after the move record_moved() ends those that are not in it any
 * more.
 */
void record_lift_noted(void *p, struct record_freed *freed, const void *frame);
static inline void record_lift(void *p, struct record_freed *freed,
			       const void *frame)
{
	const uint64_t *slot = shadow_slot(ADDRESS(p));

	uint64_t head;

	if (unlikely(!slot || !shadow_slot_known(slot)))
		return;
	head = READ_ONCE(*slot);
	if (unlikely(head & STORE_NOTED && shadow_is_live(head)))
		record_lift_noted(p, freed, frame);
}
void record_take(void *p, struct record_freed *freed, const void *frame);
void record_settle(struct record_freed *freed, const void *p, const void *q,
		   size_t size);
void record_moved(const struct record_freed *freed, void *q, size_t size,
		  const void *frame);
void record_undo(void *p, struct record_freed *freed);

#endif
