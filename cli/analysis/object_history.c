/* SPDX-License-Identifier: MIT */
#include "object_history.h"

#include <stdlib.h>

#include "die.h"

const char *const object_event_names[] = {
	[RKN_EVENT_RETAIN] = "retain", [RKN_EVENT_RELEASE] = "release",
	[RKN_EVENT_MOVE] = "move",     [RKN_EVENT_LINK] = "link",
	[RKN_EVENT_UNLINK] = "unlink", [RKN_EVENT_RENAME] = "rename",
};

void object_history_make(struct object_history *h, const struct model *m,
			 uint32_t object, bool all)
{
	size_t first, n = model_events_of(m, object, &first);

	*h =
	    (struct object_history){ .rows = xcalloc(n + 1, sizeof(*h->rows)) };
	h->lost = m->objects[object].event_count > n
		      ? m->objects[object].event_count - n
		      : 0;
	for (size_t i = 0; i < n; i++) {
		struct object_event *row = &h->rows[h->count];
		const struct rkn_event *e = &m->events[first + i];

		*row =
		    (struct object_event){ (uint32_t)(first + i), RKN_NONE, 1 };
		/* A retain and the release that follows it at once. */
		if (!all && i + 1 < n && e[0].kind == RKN_EVENT_RETAIN &&
		    e[1].kind == RKN_EVENT_RELEASE &&
		    e[0].holder == e[1].holder && e[0].field == e[1].field)
			row->end = (uint32_t)(first + ++i);
		if (!all && h->count && row->end != RKN_NONE &&
		    row[-1].end != RKN_NONE &&
		    m->events[row[-1].event].stack ==
			m->events[row->event].stack &&
		    m->events[row[-1].event].holder ==
			m->events[row->event].holder &&
		    m->events[row[-1].end].stack == m->events[row->end].stack)
			row[-1].count++;
		else
			h->count++;
	}
}

void object_history_release(struct object_history *e)
{
	free(e->rows);
	*e = (struct object_history){ 0 };
}
