/* SPDX-License-Identifier: MIT */
/* The known calls that changed one object's count. */
#ifndef CHANGES_H
#define CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

enum change_kind {
	CHANGE_MADE, /* the object was made: its first reference */
	CHANGE_TAKEN,
	CHANGE_GIVEN_BACK,
};

struct change {
	enum change_kind kind;
	uint32_t stack;
	bool named; /* somebody was named as the holder */
};

struct changes {
	uint64_t lost;      /* older events that were not kept */
	uint64_t outside;   /* events that were not visited: most of those, and
			     releases of what they took */
	int64_t lost_count; /* what those left of the count */
};

/* Visits every known call, in order, but for references from before the oldest
 * event that was kept, which come last. */
void changes_visit(struct changes *c, const struct model *m, uint32_t object,
		   void (*visit)(const struct change *change, void *data),
		   void *data);

/* Whether the calls without a holder explain the references that are left
 * without one. Then all others found each other by the holder's name. */
bool changes_explain(const struct model *m, uint32_t object);

#endif
