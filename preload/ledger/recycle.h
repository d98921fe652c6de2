/* SPDX-License-Identifier: MIT */
/*
 * Free records of the ledger's tables.  Each thread has its own list of each
 * kind.  A thread that frees what others make would gather records that it
 * never uses again: it gives away batches of what it has too much of, and a
 * thread that has none takes a batch before the table grows.
 */
#ifndef RECYCLE_H
#define RECYCLE_H

#include <stddef.h>

#include "libc.h"
#include "store.h"
#include "thread.h"

#define RECYCLE_BATCH 64
#define RECYCLE_MOST  (2 * RECYCLE_BATCH) /* that a thread keeps */
#define RECYCLE_ALONE 65536               /* that the only thread keeps */

/* Forgets all: the store is a new one. */
void recycle_reset(void);

/* Fills a list that is empty; 0 if the table is full. */
uint32_t recycle_more(struct thread *t, enum thread_free_kind kind);
/* Gives away a batch of a list that is longer than RECYCLE_MOST; no call makes
 * a list longer than that by more than a batch. */
void recycle_less(struct thread *t, enum thread_free_kind kind);

/* Of each kind: the records, and where a free one has the number of the next,
 * or a batch's first one that of the next batch. */
static const struct recycle_kind {
	enum store_table_number table;
	uint32_t size, link, batch;
} recycle_kinds[THREAD_FREE_KINDS] = {
	[THREAD_FREE_OBJECTS] = { STORE_OBJECTS, sizeof(struct store_object),
				  offsetof(struct store_object, next),
				  offsetof(struct store_object, place) },
	[THREAD_FREE_REFERENCES] = { STORE_REFERENCES,
				     sizeof(struct store_reference),
				     offsetof(struct store_reference, to_next),
				     offsetof(struct store_reference,
					      to_previous) },
	[THREAD_FREE_EVENTS] = { STORE_EVENTS, sizeof(struct store_event),
				 offsetof(struct store_event, next),
				 offsetof(struct store_event, field) },
};

static inline char *recycle_record(enum thread_free_kind kind, uint32_t number)
{
	const struct recycle_kind *k = &recycle_kinds[kind];

	return store_at(store.header->tables[k->table].offset +
			(uint64_t)number * k->size);
}

static inline uint32_t *recycle_link(enum thread_free_kind kind,
				     uint32_t number)
{
	return (uint32_t *)(void *)(recycle_record(kind, number) +
				    recycle_kinds[kind].link);
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
		__builtin_prefetch(recycle_record(kind, f->first), 1);
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
	/* The only thread will use them itself. */
	if (f->count > RECYCLE_MOST &&
	    (f->count > RECYCLE_ALONE || !READ_ONCE(*libc_single_threaded)))
		recycle_less(t, kind);
}

#endif
