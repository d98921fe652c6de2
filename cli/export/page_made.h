/* SPDX-License-Identifier: MIT */
/* When the blocks were made that are alive at the end, as steps of the run. */
#ifndef PAGE_MADE_H
#define PAGE_MADE_H

#include "page_data.h"

struct page_made_sum {
	uint64_t blocks, bytes;
	uint64_t leaked_blocks, leaked_bytes; /* of these */
};

/* Sets `steps`: none if the recording has no timeline. */
void page_steps_make(struct page_data *d);

/* The step in which a block was made: n is from steps[n - 1] to steps[n]; 0: not
 * known. */
uint32_t page_step(const struct page_data *d, uint32_t block);

/*
 * Writes the member `made`: the blocks of each step by of[block], which is less than
 * `count`, or RKN_NONE for those that are left out. If there are too many rows for a
 * page it writes none, and a note that `view`, "The treemap", does not follow.
 */
void page_made(struct page_data *d, const uint32_t *of, size_t count,
	       const char *view);

#endif
