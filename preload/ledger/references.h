/* SPDX-License-Identifier: MIT */
/*
 * The ledger: what the program says about its objects and their references,
 * kept as a state.
 *
 * An object has the list of what leads to it (references that were not given
 * back, links, weak edges) and, as a holder, of what it leads to; a reference
 * is in both.  The last events are kept in a ring.
 *
 * A call locks the objects that it changes, in the order of their numbers. A
 * handler's call inside another is not served, so no lock waits for itself.
 * `frame` is as in record.h.  All may run inside malloc and in handlers.
 */
#ifndef REFERENCES_H
#define REFERENCES_H

#include "objects.h"
#include "pages.h"

/* Whether an object at `p` would be one more, not in place of another. */
bool references_begins(const void *p);
/* Makes an object; collect_making() has counted it already. */
void references_object(const void *p, const char *type, const volatile void *at,
		       size_t width, long bias, const void *frame);
void references_rename(const void *p, const char *type, const void *frame);
void references_end(const void *p, const void *frame);
void references_type(const char *type, void (*clear)(void *));
void references_retain(const void *p, const void *holder, const char *field,
		       const void *frame);
void references_release(const void *p, const void *holder, const char *field,
			const void *frame);
void references_move(const void *p, const void *from, const void *to,
		     const void *frame);
void references_link(const void *owner, const void *p, const char *field,
		     bool weak, const void *frame);
void references_unlink(const void *owner, const void *p, const char *field,
		       bool weak, const void *frame);
long references_count(const void *p);
bool references_tracked(const void *p);
/* `wrong`: the limit that counts a call that makes no sense. */
void references_tame(const void *p, int what, bool on,
		     enum rkn_limit_number wrong);
void references_span(const void *start, size_t size, bool on,
		     enum rkn_limit_number wrong);

/* How many noted blocks ended where their objects could not be ended with them.
 */
extern HIDDEN uint32_t references_lost; /* atomic */
static inline void references_lose(uint32_t n)
{
	__atomic_fetch_add(&references_lost, n, __ATOMIC_RELAXED);
}

/* A noted block was taken out of the shadow, and is about to be freed: ends its
 * objects. */
void references_free(const void *p, uint64_t size, const void *frame);

/*
 * It is about to move: takes the objects in it out of their places. From then
 * on, if there are any, the thread counts as moving (realloc_window_begin()),
 * in the hook with that frame.
 */
uint32_t references_lift(const void *p, const void *frame);
/*
 * It moved: puts them where they are now, without a lock, since no other thread
 * finds them. Leaves in *list those that are not in it any more. Returns the
 * type of the one at its start; 0 if there is none.
 */
uint32_t references_settle(uint32_t *list, const void *from, const void *to,
			   uint64_t size);
/* Ends those in the list. */
void references_cut(uint32_t list, const void *frame);

/* Only while no thread changes anything: reads the counters of all objects into
 * their records, for the snapshot; `limits` as the store's areas have them. */
void references_read_counters(const struct pages *pages, uint64_t *limits);

static inline struct store_reference *references_at(uint32_t number)
{
	return (struct store_reference *)store_at(
		   store.header->tables[STORE_REFERENCES].offset) +
	       number;
}

static inline uint32_t references_kind(const struct store_reference *r)
{
	return r->kind_stack >> STORE_KIND_SHIFT;
}

#endif
