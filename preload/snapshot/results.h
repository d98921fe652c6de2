/* SPDX-License-Identifier: MIT */
/*
 * What an ended thread returned, and pthread_join has not fetched yet: glibc
 * keeps it in the thread's control block.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "maps.h"

/*
 * Sets [*from, *to) to the pointers that pthread_join may still return, of an
 * ended thread whose control block begins at `block` and ends at `end` at most.
 * `link` is the block's place in glibc's list of stacks. False if the thread
 * was joined, or cannot be. `maps` are all mappings, ascending.
 */
bool results_find(uint64_t block, uint64_t end, uint64_t link,
		  const struct map *maps, uint32_t count, uint64_t *from,
		  uint64_t *to);

#endif
