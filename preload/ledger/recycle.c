/* SPDX-License-Identifier: MIT */
#include "recycle.h"

#include <string.h>

/*
 * The batches that were given away, a stack of each kind: the number of the
 * first record, and above it how often the stack has changed, so that a number
 * that went and came back is not taken for itself.
 */
static uint64_t batches[THREAD_FREE_KINDS];

void recycle_reset(void)
{
	memset(batches, 0, sizeof(batches));
}

static uint32_t *batch_link(enum thread_free_kind kind, uint32_t number)
{
	return (uint32_t *)(void *)(recycle_record(kind, number) +
				    recycle_kinds[kind].batch);
}

/*
 * The batch below `first`.  Another thread may have taken `first` meanwhile and
 * write the record in its own way: then the stack has changed, and what is read
 * here is not used.  ThreadSanitizer would call that a race.
 */
static __attribute__((noinline, no_sanitize("thread"))) uint32_t
batch_below(enum thread_free_kind kind, uint32_t first)
{
	return __atomic_load_n(batch_link(kind, first), __ATOMIC_RELAXED);
}

static uint64_t changed(uint64_t stack, uint32_t first)
{
	return ((stack >> 32) + 1) << 32 | first;
}

COLD uint32_t recycle_more(struct thread *t, enum thread_free_kind kind)
{
	uint64_t *stack = &batches[kind];
	uint64_t seen = __atomic_load_n(stack, __ATOMIC_ACQUIRE);
	uint32_t next, number;

	do {
		number = (uint32_t)seen;
		if (!number)
			return (uint32_t)store_append(
			    recycle_kinds[kind].table);
		next = batch_below(kind, number);
	} while (!__atomic_compare_exchange_n(stack, &seen, changed(seen, next),
					      false, __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	*batch_link(kind, number) = 0;
	t->free[kind].first = *recycle_link(kind, number);
	t->free[kind].count = RECYCLE_BATCH - 1;
	return number;
}

/* A ring of events that found no room counts more than it has. */
COLD void recycle_less(struct thread *t, enum thread_free_kind kind)
{
	struct thread_free *f = &t->free[kind];
	uint32_t first = f->first, last = first, n = 1;
	uint64_t *stack;
	uint64_t seen;

	while (n < RECYCLE_BATCH && *recycle_link(kind, last)) {
		last = *recycle_link(kind, last);
		n++;
	}
	if (n < RECYCLE_BATCH) {
		f->count = n;
		return;
	}
	f->first = *recycle_link(kind, last);
	f->count -= n;
	*recycle_link(kind, last) = 0;
	stack = &batches[kind];
	seen = __atomic_load_n(stack, __ATOMIC_RELAXED);
	do {
		__atomic_store_n(batch_link(kind, first), (uint32_t)seen,
				 __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(
	    stack, &seen, changed(seen, first), false, __ATOMIC_RELEASE,
	    __ATOMIC_RELAXED));
}
