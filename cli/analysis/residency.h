/* SPDX-License-Identifier: MIT */
/* How much of a range of addresses was in memory at the snapshot. */
#ifndef RESIDENCY_H
#define RESIDENCY_H

#include "model.h"

struct residency {
	const struct model *m;
	size_t
	    next; /* the first run of pages that ends behind what was asked for
			last */
};

/* Bytes of [start, end) that are in memory, of what is private and not a file's.
 * From one call to the next `start` does not fall by more than to the beginning
 * of its page. */
uint64_t residency_of(struct residency *r, uint64_t start, uint64_t end);

#endif
