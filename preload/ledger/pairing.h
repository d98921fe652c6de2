/* SPDX-License-Identifier: MIT */
/*
 * Which reference a release means.  A release that names its holder means the
 * holder's; any other means, of those without a named holder, the one that was
 * taken nearest in the call tree.  The object is locked.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "ledger.h"

/* The edge of that kind from e->from, or e->holder, to `to`: in that field;
 * else one with no field, or any if e->field is 0; else in another field. Of
 * several it is the newest. 0 if there is none. */
uint32_t pairing_find(const struct store_object *to, uint32_t kind,
		      const struct ledger_edge *e);

/* Whether `r`, which pairing_find() found, was taken in a field of another
 * name. */
static inline bool pairing_is_renamed(const struct store_reference *r,
				      const struct ledger_edge *e)
{
	return r->field && e->field && r->field != e->field;
}

/* Whether a holder without a reference may mean `r`. Never that of another
 * holder that is alive; a holder that is not an object may have been copied. */
bool pairing_may_mean(const struct store_reference *r,
		      const struct ledger_edge *e);

/* The reference to end if pairing_find() finds none, or no holder is named; 0:
 * the maker's, or there is none. */
uint32_t pairing_end(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e);

/*
 * Which unowned reference refknot_move() means: the newest if the same function
 * took it, else the nearest; in a draw the maker's, as makers hand over what
 * they made. True: the maker's; else *number, which is 0 if there is none.
 */
bool pairing_to_move(const struct thread *t, const struct store_object *o,
		     const struct ledger_edge *e, uint32_t *number);

static inline bool pairing_is_anonymous(const struct store_reference *r)
{
	return references_kind(r) == RKN_REFERENCE && !r->from && !r->holder;
}

/* Whether only the maker's reference is known. */
static inline bool pairing_is_makers(const struct store_object *o)
{
	return !o->references && o->flags & STORE_OBJECT_MAKER;
}

/* Whether it was taken in a function that also releases it, but for one call
 * that was the last of its function and so left no frame. */
bool pairing_is_near(const struct store_reference *r,
		     const struct ledger_edge *e);

/*
 * The newest reference, if it has no named holder and this thread took it in
 * the same function, or in two functions that one called; else 0. Mostly it is
 * the one, and no other can be much nearer.
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
