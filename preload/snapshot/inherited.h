/* SPDX-License-Identifier: MIT */
/*
 * The heap that a forked child has from its parent.  What the parent had
 * allocated there is a root, for its pointers are not known one by one; what is
 * free, and the allocator's own words in between, hold nothing.
 */
#ifndef INHERITED_H
#define INHERITED_H

#include "picture.h"

/* [start, end) of the parent's memory, for `visit` to search. */
typedef void inherited_visit(uint64_t start, uint64_t end, void *data);

/* Lists what is free of what the parent left. Before inherited_walk(). */
void inherited_begin(struct picture *p);

/*
 * Calls `visit` for each piece of [start, end) of `map` that the parent had
 * allocated and the child has not freed. If the allocator cannot be followed
 * that is all of it, but for what was never touched. The child's own blocks are
 * in none.
 */
void inherited_walk(struct picture *p, const struct map *map, uint64_t start,
		    uint64_t end, inherited_visit *visit, void *data);

#endif
