/* SPDX-License-Identifier: MIT */
/*
 * Trial deletion: which objects only hold each other.  Time and memory are
 * linear in the objects and references that it looks at.
 *
 * An object is held if the list of garbage holds it, or if it has more
 * references with a holder than it counts.  What a type without `clear` keeps
 * is uncollectable with it, since nothing can take it away.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "object_visits.h"

/*
 * Objects that collections keep in mind: the garbage, and what waits to be
 * cleared.  Only the thread that has the world to itself (ledger_gate_close())
 * changes a list.  Others may read it meanwhile: they read an object of the
 * list, or one that has ended.
 */
struct trial_kept {
	struct object_visits_item *items;
	uint32_t count, room;
};

/* Whether it is still the same object. */
static inline bool trial_is_there(const struct object_visits_item *item)
{
	const struct store_object *o = objects_at(item->number);

	return o->made_order == item->order && o->flags & STORE_OBJECT_LIVE;
}

struct trial_lost {
	struct object_visits_item item;
	bool bare; /* its type has no `clear` */
	bool uncollectable;
	bool follows; /* it is bare, but ends when its holders let go */
	bool waited;  /* an automatic check had found it */
};

struct trial {
	uint32_t looked_at;
	uint32_t survivors; /* those that did not wait */
	uint32_t lost_count;
	struct trial_lost *lost;
};

/*
 * Looks at the objects up to that generation, and at those in `waiting`; all of
 * them grow older. Only for the thread that has
 * the world to itself; valid until the next call. NULL if there is no memory:
 * then nothing has changed.
 */
const struct trial *trial_make(int generation,
			       const struct trial_kept *waiting);

#endif
