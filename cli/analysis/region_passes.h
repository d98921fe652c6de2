/* SPDX-License-Identifier: MIT */
/* What regions did, by type, over all their passes. */
#ifndef REGION_PASSES_H
#define REGION_PASSES_H

#include <stdbool.h>

#include "reading.h"

struct passed_row {
	char *type; /* control characters escaped */
	uint64_t made;
	uint64_t ended;
	int64_t bytes;         /* made less ended */
	int64_t before, after; /* alive in the process; RKN_UNKNOWN */
	/* Of made less ended in one pass. */
	int64_t least, most;
	int64_t median; /* RKN_UNKNOWN; of an even number the lower one */
	bool bounds; /* least and most are not reached, maybe: they are sums of
			several places' */
};

struct passed_region {
	char *name;
	uint32_t thread; /* its number in the system; 0: all threads */
	uint64_t begun;
	uint64_t passes;
	bool counted;            /* passes are known: it is not a function */
	struct passed_row *rows; /* the most bytes first */
	size_t count;
	struct passed_row total;
};

struct region_passes {
	struct passed_region *list;
	size_t count;
};

/* All regions; `threads`: those of each thread apart. Dies when out of memory.
 */
void region_passes_make(struct region_passes *p, const struct reading *in,
			bool threads);

/* One region for what function `function` and all that it called allocated, out
 * of the call stacks. No region if there is no such function. */
void region_passes_of_function(struct region_passes *p,
			       const struct reading *in, const char *function);

/* Which call stacks have that function, by stack, for the caller to free; NULL: none
 * has it. */
bool *region_passes_under(const struct reading *in, const char *function);

void region_passes_release(struct region_passes *p);

#endif
