/* SPDX-License-Identifier: MIT */
/* An object's history; events that undo each other are folded. */
#ifndef OBJECT_HISTORY_H
#define OBJECT_HISTORY_H

#include <stdbool.h>

#include "model.h"

struct object_event {
	uint32_t event; /* into m->events */
	uint32_t end;   /* the release that undoes it; RKN_NONE: single */
	uint64_t count; /* pairs alike, one after another; 1 for a single */
};

struct object_history {
	struct object_event *rows; /* the oldest first */
	size_t count;
	uint64_t lost; /* older events that were not kept */
};

/* `all`: folds nothing. Dies when out of memory. */
void object_history_make(struct object_history *e, const struct model *m,
			 uint32_t object, bool all);
void object_history_release(struct object_history *e);

extern const char *const object_event_names[]; /* by enum rkn_event_kind */

#endif
