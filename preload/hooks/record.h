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

/* Before a counter changes: what it was at the last peak. */
static inline void record_peak_of(struct store_counter *c)
{
	uint32_t peak = READ_ONCE(process_page.peak);

	if (likely(c->peak == peak))
		return;
	c->peak_blocks = (uint32_t)(c->allocations - c->frees);
	c->peak_bytes = c->allocated_bytes - c->freed_bytes;
	c->peak = peak;
}

static inline void record_count_alloc(struct store_area *a,
				      struct store_counter *c, uint64_t size)
{
	record_peak_of(c);
	record_count(&a->allocations, 1);
	record_count(&a->allocated_bytes, size);
	record_count(&c->allocations, 1);
	record_count(&c->allocated_bytes, size);
}

static inline void record_count_free(struct store_area *a,
				     struct store_counter *c, uint64_t size)
{
	record_peak_of(c);
	record_count(&a->frees, 1);
	record_count(&c->frees, 1);
	record_count(&c->freed_bytes, size);
}

/* The real allocator has returned `p` (not NULL), of whose bytes the first
 * `kept` mean something; see leftovers.h. Returns `p`. */
void *record_alloc(void *p, size_t size, size_t kept, const void *frame);

/* The same, of a thread that is inside; `m`: what is noted of the stack. */
void *record_inside(void *p, size_t size, size_t kept, const void *frame,
		    const struct walk_memo *m);

/*
 * The same as record_alloc(), by a way that is short if all is as it mostly is.
 * All that it calls return `p`, too: then a hook keeps nothing over a call, and
 * saves no registers for it. Nothing is changed before all is known that the
 * short way needs.
 */
static inline __attribute__((always_inline)) void *
record_alloc_here(void *p, size_t size, size_t kept, const void *frame)
{
	struct thread_gate *gate = thread_self;
	struct thread *t = thread_behind(gate);
	const struct walk_memo *m;
	uint64_t *slot, head;

	if (unlikely(gate->open != READ_ONCE(process_page.epoch)))
		return record_alloc(p, size, kept, frame);
	thread_close(t, frame);
	m = unwind_recall(&t->walk, frame);
	if (unlikely(!m || m->join))
		return record_inside(p, size, kept, frame, m);
	slot = shadow_shortcut(t->ways, ADDRESS(p));
	if (unlikely(!slot || !thread_has_room(t, size) ||
		     t->extra == t->extra_end))
		return record_inside(p, size, kept, frame, m);
	head = m->leaf.head | size << STORE_SIZE_SHIFT;
	if (unlikely(!leftovers_same(READ_ONCE(*slot), head)) &&
	    !leftovers_same_chunk(READ_ONCE(*slot), size))
		return record_inside(p, size, kept, frame, m);
	WRITE_ONCE(slot[1], thread_extra_next(t));
	STORE_RELEASE(*slot, head);
	record_count_alloc(t->area, m->leaf.counter, size);
	thread_add(t, size);
	thread_leave(t);
	return p;
}
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

/*
 * `p` (not NULL) is about to be given to the real allocator. By the short way, of
 * a thread that is attached and takes no detour, a block that has none of the flags
 * `flags`: returns its HEAD, or 0 if it is another way's.  Nothing here is in danger
 * from a handler's allocations, so that the thread need not go inside.
 */
static inline __attribute__((always_inline)) uint64_t
record_free_shortly(struct thread *t, void *p, const void *frame,
		    uint64_t flags)
{
	uint64_t *slot = shadow_shortcut(t->ways, ADDRESS(p)), head, size;
	struct store_area *area = t->area;
	struct store_counter *c;

	if (unlikely(!slot))
		return 0;
	head = READ_ONCE(*slot);
	if (unlikely((head & (STORE_HEAD | flags)) != STORE_HEAD))
		return 0;
	c = thread_counter_there(area, shadow_stack(head));
	if (unlikely(!c))
		return 0;
	size = head >> STORE_SIZE_SHIFT;
	WRITE_ONCE(slot[1], shadow_freed(((const uint64_t *)frame)[1]));
	STORE_RELEASE(*slot, head | STORE_FREED);
	record_count_free(area, c, size);
	thread_less(t, size);
	return head;
}

void record_free_slowly(void *p, const void *frame);
static inline __attribute__((always_inline)) void record_free(void *p,
							      const void *frame)
{
	struct thread_gate *gate = thread_self;
	struct thread *t = thread_behind(gate);

	if (unlikely(gate->epoch != READ_ONCE(process_page.epoch)) ||
	    unlikely(thread_frees(t)) ||
	    unlikely(!record_free_shortly(
		t, p, frame, STORE_FREED | STORE_BIG | STORE_NOTED)))
		record_free_slowly(p, frame);
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

/* A look at the timeline that was put off while a block moved. */
void record_look(void);

/* The call copied `bytes` to `q`, the new block. */
void record_copied(const void *q, size_t bytes);

#endif
