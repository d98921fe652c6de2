/* SPDX-License-Identifier: MIT */
/*
 * Free records of the ledger's tables.  Each thread has a list of each kind of
 * its own.  A thread that frees what others make would gather records that it
 * never uses again: it gives away what it has too many of by the batch, and a
 * thread that has none takes a batch before the table grows.
 */
#ifndef RECYCLE_H
#define RECYCLE_H

#include "libc.h"
#include "store.h"
#include "thread.h"

#define RECYCLE_BATCH 64
#define RECYCLE_MOST  (2 * RECYCLE_BATCH) /* that a thread keeps */
#define RECYCLE_ALONE 65536               /* and the only thread */

/* Forgets all: the store is a new one. */
void recycle_reset(void);

/* Fills a list that is empty; 0 if the table is full. */
uint32_t recycle_more(struct thread *t, enum thread_free_kind kind);
/* Gives away a batch of a list that is longer than RECYCLE_MOST; no call makes
 * a list longer than that by more than a batch. */
void recycle_less(struct thread *t, enum thread_free_kind kind);

static inline void *recycle_record(enum store_table_number table, size_t size,
				   uint32_t number)
{
	return store_at(store.header->tables[table].offset + number * size);
}

/* Where a free record has the number of the next one. */
static inline uint32_t *recycle_link(enum thread_free_kind kind,
				     uint32_t number)
{
	struct store_object *o;
	struct store_reference *r;
	struct store_event *e;

	switch (kind) {
	case THREAD_FREE_OBJECTS:
		o = recycle_record(STORE_OBJECTS, sizeof(*o), number);
		return &o->next;
	case THREAD_FREE_REFERENCES:
		r = recycle_record(STORE_REFERENCES, sizeof(*r), number);
		return &r->to_next;
	default:
		e = recycle_record(STORE_EVENTS, sizeof(*e), number);
		return &e->next;
	}
}

/* Takes a free record; 0 if none is left. */
static inline uint32_t recycle_take(struct thread *t,
				    enum thread_free_kind kind)
{
	struct thread_free *f = &t->free[kind];
	uint32_t number = f->first;

	if (unlikely(!number))
		return recycle_more(t, kind);
	f->first = *recycle_link(kind, number);
	f->count--;
	/* The next one was given back long ago: objects stay for a while, and
	 * their events come with them. References come and go. */
	if (kind != THREAD_FREE_REFERENCES)
		__builtin_prefetch(recycle_link(kind, f->first), 1);
	if (kind == THREAD_FREE_OBJECTS)
		__builtin_prefetch(recycle_record(STORE_OBJECTS,
						  sizeof(struct store_object),
						  f->first),
				   1);
	return number;
}

/* Gives back records first .. last, `count` of them, which are linked already
 * but for the last. */
static inline void recycle_give(struct thread *t, enum thread_free_kind kind,
				uint32_t first, uint32_t last, uint32_t count)
{
	struct thread_free *f = &t->free[kind];

	*recycle_link(kind, last) = f->first;
	f->first = first;
	f->count += count;
	/* Alone it will use them itself. */
	if (f->count > RECYCLE_MOST &&
	    (f->count > RECYCLE_ALONE || !READ_ONCE(*libc_single_threaded)))
		recycle_less(t, kind);
}

#endif
