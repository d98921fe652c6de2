/* SPDX-License-Identifier: MIT */
/* An object's history, with what undoes each other folded. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>

#include "model.h"

struct event_row {
	uint32_t event; /* into m->events */
	uint32_t end;   /* the release that undoes it; RKN_NONE: single */
	uint64_t count; /* pairs alike, one after another; 1 for a single */
};

struct event_rows {
	struct event_row *rows; /* the oldest first */
	size_t count;
	uint64_t lost; /* older events that were not kept */
};

/* `all`: fold nothing. Dies when out of memory. */
void events_make(struct event_rows *e, const struct model *m, uint32_t object,
		 bool all);
void events_release(struct event_rows *e);

extern const char *const event_names[]; /* by enum rkn_event_kind */

#endif
