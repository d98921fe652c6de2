/* SPDX-License-Identifier: MIT */
/*
 * The addresses that the program named: which record of STORE_OBJECTS an
 * address has, and what blocks that end or move do to them.
 *
 * A sparse shadow of 32-bit numbers, one for each granule, leads from the
 * address to the record; records of one granule are a list.  An ended object's
 * record stays for a while, so that calls that come too late can be reported;
 * then it is used again.
 *
 * All functions are for a thread that is inside refknot (thread_enter()).
 */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "libc.h"
#include "store.h"
#include "thread.h"

/* Forgets all: the store is a new one. */
void objects_reset(void);
int objects_make(void); /* 0 or -errno */

/* The record that `address` had last, alive or not; NULL if there is none. */
struct store_object *objects_find(uint64_t address);

/* The same, but NULL unless its object, or its block's taming, is alive. */
struct store_object *objects_live(uint64_t address);

/*
 * The object around `address`, if no object begins there: the last that begins
 * before it in its block, or the first, behind a header. An ended one counts
 * while it holds anything. NULL if there is none; then *start is the start of
 * the block, or `address` itself if that is in none.
 */
struct store_object *objects_around(uint64_t address, uint64_t *start);

/* A new record for `address`, which lies in a live block; `t` has locked it,
 * and it has nothing but its address. NULL if there is no block (*limit says
 * so) or no room. */
struct store_object *objects_add(struct thread *t, uint64_t address,
				 enum rkn_limit_number *limit);

/*
 * A block of the heap ended, which has the bit `noted`. Calls `gone` for each
 * object in it, in address order.
 */
typedef void objects_visit(struct thread *t, struct store_object *o,
			   uint32_t stack);
void objects_end_block(struct thread *t, uint64_t address, uint64_t size,
		       objects_visit *gone, uint32_t stack);

/*
 * It moves. objects_lift() takes its objects out of the shadow and returns the
 * first of a list by `next` (0: none). objects_settle() puts them in where the
 * block is now, but those behind `size`, which have ended: they are left in the
 * list. Returns the type of the object at the block's start; 0 if there is
 * none.
 */
uint32_t objects_lift(uint64_t address, uint64_t size);
uint32_t objects_settle(struct thread *t, uint32_t *list, uint64_t from,
			uint64_t to, uint64_t size);

/* Its memory is gone, or may be another's already: the counter is not read any
 * more, nor do the calls say how often such an object is held. */
void objects_lose_counter(struct store_object *o);

/* `o`, locked, has ended: notes it. Its record stays for a while. Returns the
 * one whose time is over, for objects_forget(), or NULL. */
struct store_object *objects_retire(struct thread *t, struct store_object *o,
				    uint32_t stack);
/* It ended long ago, holds nothing, and is locked: gives its record back. */
void objects_forget(struct thread *t, struct store_object *o);

/* Whether `o` starts where its block does, which is alive or was freed just
 * now. Then *stack is the block's. */
bool objects_whole(const struct store_object *o, uint32_t *stack);

/* The part of its block that is a live object's: up to the next one's start or
 * the block's end; the first one's part begins with the block. So each byte is
 * one object's. */
struct objects_part {
	uint64_t bytes;
	uint64_t block_bytes;
	uint32_t stack; /* of the block */
	bool first;
};
/* Fills `part`; false if the block is gone. */
bool objects_part(const struct store_object *o, struct objects_part *part);

/* `o` has ended: whether there is another block now, without a named object. */
bool objects_replaced(const struct store_object *o);

static inline struct store_object *objects_at(uint32_t number)
{
	return (struct store_object *)store_at(
		   store.header->tables[STORE_OBJECTS].offset) +
	       number;
}

static inline uint32_t objects_number(const struct store_object *o)
{
	return (uint32_t)(o - objects_at(0));
}

/* enum store_object_flag; only the owner of the lock changes them, all read
 * them. */
static inline unsigned objects_flags(const struct store_object *o)
{
	return READ_ONCE(o->flags);
}

static inline void objects_set_flags(struct store_object *o, unsigned on,
				     unsigned off)
{
	WRITE_ONCE(o->flags, (uint16_t)((o->flags | on) & ~off));
}

/* How many numbers were given out: the records are 1 .. result-1. */
static inline uint32_t objects_end(void)
{
	const struct store_table *t = &store.header->tables[STORE_OBJECTS];
	uint64_t n = __atomic_load_n(&t->count, __ATOMIC_ACQUIRE);

	return (uint32_t)(n < t->capacity ? n : t->capacity);
}

/* Locks `o`: until objects_unlock() no other thread changes it. */
void objects_lock_slowly(struct thread *t, struct store_object *o);
static inline void objects_lock(struct thread *t, struct store_object *o)
{
	uint32_t none = 0;

	/* No thread can begin meanwhile. */
	if (READ_ONCE(*libc_single_threaded) && !o->lock)
		o->lock = t->number;
	else if (unlikely(!__atomic_compare_exchange_n(
		     &o->lock, &none, t->number, false, __ATOMIC_ACQUIRE,
		     __ATOMIC_RELAXED)))
		objects_lock_slowly(t, o);
}

/* For a thread that has locked others, and must not wait out of order. False if
 * another thread has the lock. */
static inline bool objects_try_lock(struct thread *t, struct store_object *o)
{
	uint32_t none = 0;

	return __atomic_compare_exchange_n(&o->lock, &none, t->number, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void objects_unlock(struct store_object *o)
{
	__atomic_store_n(&o->lock, 0, __ATOMIC_RELEASE);
}

/*
 * The next number in the order of events. It is a Lamport clock: it grows
 * within a thread, and along whatever passes from thread to thread by an
 * object, if `after` is the number of what came before there; otherwise threads
 * are at most OBJECTS_DRIFT numbers apart. The processor's time would be exact,
 * and costs 16 ns.
 */
#define OBJECTS_DRIFT 64
extern HIDDEN uint64_t objects_clock;
static inline uint64_t objects_order(struct thread *t, uint64_t after)
{
	uint64_t now = __atomic_load_n(&objects_clock, __ATOMIC_RELAXED);
	uint64_t order = t->order > after ? t->order : after;

	if (order < now)
		order = now;
	if (unlikely(++order > now + OBJECTS_DRIFT))
		__atomic_store_n(&objects_clock, order, __ATOMIC_RELAXED);
	return t->order = order;
}

/* A number that no thread has passed; all that begins from now on has a greater
 * one. */
uint64_t objects_now(void);

#endif
