/* SPDX-License-Identifier: MIT */
/*
 * Objects that collections found and keep in mind: the garbage, and what waits to
 * be cleared.  Those that have ended fall out where room is needed, so that a
 * list grows only with what of it is alive.
 *
 * It is changed only while its thread is alone (ledger_gate_close), and may be read by
 * others: what they read is an object of the list, or one that has ended.
 */
#ifndef FINDS_H
#define FINDS_H

#include "object_visits.h"

struct finds {
	struct object_visits_item *items;
	uint32_t count, room;
};

/* `item` is not in it yet. False: there is no memory. */
bool finds_add(struct finds *k, const struct object_visits_item *item);

/* Is it the object that it was? */
static inline bool finds_is_there(const struct object_visits_item *item)
{
	const struct store_object *o = objects_at(item->number);

	return o->made_order == item->order && o->flags & STORE_OBJECT_LIVE;
}

#endif
