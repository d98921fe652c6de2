/* SPDX-License-Identifier: MIT */
#include "object_history.h"

#include <stdlib.h>

#include "die.h"

const char *const object_event_names[] = {
	[RKN_EVENT_RETAIN] = "retain", [RKN_EVENT_RELEASE] = "release",
	[RKN_EVENT_MOVE] = "move",     [RKN_EVENT_LINK] = "link",
	[RKN_EVENT_UNLINK] = "unlink", [RKN_EVENT_RENAME] = "rename",
};

/* A retain and the release that follows it at once. */
static bool is_pair(const struct rkn_event *e, const struct rkn_event *next)
{
	return e->kind == RKN_EVENT_RETAIN && next->kind == RKN_EVENT_RELEASE &&
	       e->holder == next->holder && e->field == next->field;
}

static bool is_alike(const struct model *m, const struct object_event *a,
		     const struct object_event *b)
{
	return a->end != RKN_NONE && b->end != RKN_NONE &&
	       m->events[a->event].stack == m->events[b->event].stack &&
	       m->events[a->end].stack == m->events[b->end].stack &&
	       m->events[a->event].holder == m->events[b->event].holder;
}

void object_history_make(struct object_history *e, const struct model *m,
			 uint32_t object, bool all)
{
	size_t first, n = model_events_of(m, object, &first);

	*e =
	    (struct object_history){ .rows = xcalloc(n + 1, sizeof(*e->rows)) };
	e->lost = m->objects[object].event_count > n
		      ? m->objects[object].event_count - n
		      : 0;
	for (size_t i = 0; i < n; i++) {
		struct object_event *row = &e->rows[e->count];

		*row =
		    (struct object_event){ (uint32_t)(first + i), RKN_NONE, 1 };
		if (!all && i + 1 < n &&
		    is_pair(&m->events[first + i], &m->events[first + i + 1]))
			row->end = (uint32_t)(first + ++i);
		if (!all && e->count && is_alike(m, row - 1, row))
			row[-1].count++;
		else
			e->count++;
	}
}

void object_history_release(struct object_history *e)
{
	free(e->rows);
	*e = (struct object_history){ 0 };
}
