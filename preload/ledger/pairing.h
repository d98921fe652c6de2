/* SPDX-License-Identifier: MIT */
/*
 * Which reference a release means.  One that names its holder means the
 * holder's; any other means, of those that nobody is named for, the one that
 * was taken nearest in the call tree.  The object is locked.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "ledger.h"

/* The edge of that kind from e->from, or e->holder, to `to`: in that field; else
 * one with no field, or any if e->field is 0; else in another field. Of several
 * the newest. 0: none. */
uint32_t pairing_find(const struct store_object *to, uint32_t kind,
		      const struct ledger_edge *e);

/* Was `r`, which pairing_find() found, taken in a field of another name? */
static inline bool pairing_is_renamed(const struct store_reference *r,
				      const struct ledger_edge *e)
{
	return r->field && e->field && r->field != e->field;
}

/* May reference `r` be meant by a holder that has none itself? Never that of
 * another one that is alive; a holder that is no object may have been copied. */
bool pairing_may_mean(const struct store_reference *r,
		      const struct ledger_edge *e);

/* The reference to end where pairing_find() has none, or no holder is named; 0:
 * the maker's, or there is none. */
uint32_t pairing_end(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e);

/* Which reference that nobody is named for is meant where one gets a holder: the
 * newest if the same function took it, else the nearest, in a draw the maker's,
 * as makers hand over what they made. True: the maker's; else *number, 0 if
 * there is none. */
bool pairing_to_move(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e, uint32_t *number);

static inline bool pairing_is_anonymous(const struct store_reference *r)
{
	return references_kind(r) == RKN_REFERENCE && !r->from && !r->holder;
}

/* Is no reference known but the maker's? */
static inline bool pairing_is_makers(const struct store_object *o)
{
	return !o->references && o->flags & STORE_OBJECT_MAKER;
}

/* Was it taken in a function that also releases it, but for one call that was
 * the last of its function and so left no frame? */
bool pairing_is_near(const struct store_reference *r,
		     const struct ledger_edge *e);

/*
 * The newest reference, if nobody is named for it and this thread took it in
 * the same function, or in two that one called; else 0. Mostly it is the one,
 * and no other can be much nearer.
 */
static inline uint32_t pairing_newest(const struct store_object *o,
				      const struct ledger_edge *e)
{
	const struct store_reference *r = references_at(o->references);

	return o->references && r->thread == e->thread &&
		       pairing_is_anonymous(r) && e->scope &&
		       (likely(r->scope == e->scope) || pairing_is_near(r, e))
		   ? o->references
		   : 0;
}

#endif
