/* SPDX-License-Identifier: MIT */
/* What was alive at several times of a run, by one property of call stacks. */
#ifndef GROUP_SERIES_H
#define GROUP_SERIES_H

#include "groups.h"
#include "instants.h"

struct group_series_row {
	char *key;                  /* as that of a group */
	struct instant_sum *values; /* by instant */
};

struct group_series {
	struct group_series_row *rows; /* by most bytes at any of the times */
	size_t count;
	size_t instants;
	uint64_t together; /* call stacks with fewer bytes are known as one row,
			      GROUP_SERIES_OTHERS; 0: there is none */
};

#define GROUP_SERIES_OTHERS "(smaller ones together)"

/* By type, site, function or file; types are those that the stacks allocate. What a
 * key frame has in one row is in one row of all instants. Dies when out of memory. */
void group_series_make(struct group_series *s, const struct reading *in,
		       enum group_by by, const struct instant *list,
		       size_t count);
void group_series_release(struct group_series *s);

#endif
