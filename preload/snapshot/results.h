/* SPDX-License-Identifier: MIT */
/*
 * What a thread that has ended returned, and nobody has fetched yet: glibc
 * keeps it in the thread's control block for pthread_join.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "maps.h"

/*
 * [*from, *to), where pointers are that pthread_join may still give out, of an
 * ended thread whose control block begins at `block` and goes on to `end` at
 * most. `link` is where the block is in glibc's list of stacks. False: the
 * thread was joined, or cannot be. `maps` are all mappings, ascending.
 */
bool results_find(uint64_t block, uint64_t end, uint64_t link,
		  const struct map *maps, uint32_t count, uint64_t *from,
		  uint64_t *to);

#endif
