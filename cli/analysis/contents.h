/* SPDX-License-Identifier: MIT */
/* What blocks hold that shows memory to be wasted: texts that are there several
 * times, and ends that are zeros. */
#ifndef CONTENTS_H
#define CONTENTS_H

#include <stdbool.h>

#include "model.h"

struct contents_sum {
	uint64_t duplicates; /* blocks with a text that another block has, but
				for the first of each */
	uint64_t duplicate_bytes; /* of these blocks, as asked for */
	uint64_t halves;          /* blocks at least half of which is empty */
	uint64_t
	    empty_bytes; /* zeros at their ends, or behind a text; in memory
				 as far as that is known */
};

struct contents {
	bool known; /* the recording has it: it was asked for */
	struct contents_sum all;
	struct contents_sum *rows; /* by label */
};

/* Smaller blocks are never said to be half empty. */
#define CONTENTS_HALF_LEAST 64

/* `labels` has the row of each block, below `count`. Dies when out of memory. */
void contents_make(struct contents *c, const struct model *m,
		   const uint32_t *labels, size_t count);
void contents_release(struct contents *c);

#endif
