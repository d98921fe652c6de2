/* SPDX-License-Identifier: MIT */
/*
 * The program looks at its objects.  Its function runs outside refknot, so it
 * may do anything; objects that ended meanwhile are left out.
 */
#ifndef OBJECT_VISITS_H
#define OBJECT_VISITS_H

#include <refknot.h>
#include <stdbool.h>

#include "objects.h"

/* -1: of all three generations; GENERATIONS_FROZEN: what is frozen. */
size_t object_visits_objects(int generation, refknot_visit *visit, void *data);
size_t object_visits_referrers(const void *p, refknot_visit *visit, void *data);
size_t object_visits_referents(const void *p, refknot_visit *visit, void *data);

/* Visits `count` objects. Returns how many are still there. */
struct object_visits_item {
	uint64_t order; /* the object's made_order */
	uint32_t number;
	uint32_t field;
};
size_t object_visits_items(const struct object_visits_item *items, size_t count,
			   refknot_visit *visit, void *data);

/* Fills in what is known of it; false if it has ended. */
bool object_visits_info(struct refknot_info *info,
			const struct object_visits_item *item);

/* The object itself, locked, and the thread inside refknot, until
 * object_visits_leave(). NULL if it has ended. */
struct thread *object_visits_enter(struct store_object **o,
				   const struct object_visits_item *item);
void object_visits_leave(struct thread *t, struct store_object *o);

#endif
