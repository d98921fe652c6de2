/* SPDX-License-Identifier: MIT */
/* What the program mapped itself, summed by call site. */
#ifndef MAPPED_H
#define MAPPED_H

#include "groups.h"

struct mapped_row {
	char *key; /* "main at a (a)"; control characters escaped */
	uint64_t calls;
	uint64_t bytes; /* mapped in the whole run */
	uint64_t live;  /* mappings, or parts, that were not unmapped */
	uint64_t live_bytes;
	uint64_t peak_bytes; /* of a row of several call stacks: no more than
				this */
	uint64_t resident;   /* of live_bytes, in memory */
	bool partly;         /* it is not known of all */
};

struct mapped {
	struct mapped_row *rows; /* most live bytes first */
	size_t count;
	struct mapped_row total; /* its key is NULL; its peak is exact */
	uint64_t missed;         /* calls that could not be noted */
	bool known;              /* what is in memory is */
	bool noted;              /* what the program mapped is: a version that
				    had no timeline did not */
};

/* By site, function or file; by any other property: by site. Dies when out of
 * memory. */
void mapped_make(struct mapped *m, const struct reading *in, enum group_by by);
void mapped_release(struct mapped *m);

#endif
