/* SPDX-License-Identifier: MIT */
/*
 * Objects that collections found and keep in mind: the garbage, and what waits
 * to be cleared.  Ended objects fall out when room is needed, so that a list
 * grows only with its live objects.  A list is changed only by the thread that
 * has the world to itself (ledger_gate_close()).  Others may read it meanwhile:
 * what they read is an object of the list, or one that has ended.
 */
#ifndef FINDS_H
#define FINDS_H

#include "object_visits.h"

struct finds {
	struct object_visits_item *items;
	uint32_t count, room;
};

/* Adds `item`, which is not in it yet. False if there is no memory. */
bool finds_add(struct finds *k, const struct object_visits_item *item);

/* Whether it is the object that it was. */
static inline bool finds_is_there(const struct object_visits_item *item)
{
	const struct store_object *o = objects_at(item->number);

	return o->made_order == item->order && o->flags & STORE_OBJECT_LIVE;
}

#endif
