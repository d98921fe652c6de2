/* SPDX-License-Identifier: MIT */
/*
 * What `refknot run` prints, beside the report on its program, about its
 * children and about what processes were before they executed another program:
 * a line for each if they are few, one or two lines for many.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "live.h"
#include "reading.h"

struct child {
	char *line;    /* "child ls, pid 17: nothing lost; recording: ..." */
	bool replaced; /* it went on as another program: no check is due */
	bool checked;
	bool killed; /* by a signal */
	uint64_t findings, possible, lost_bytes;
};

struct children {
	struct child *list; /* in the order of their stores */
	size_t count;
};

/* Notes what its recording says; nothing if that is interrupted
 * (shrinking.h). */
void children_add(struct children *c, const struct live_store *store,
		  const struct reading *in);

/* `full`: a line for each, however many. */
void children_tell(const struct children *c, FILE *out, bool full);

void children_release(struct children *c);

#endif
