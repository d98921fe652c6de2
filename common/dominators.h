/* SPDX-License-Identifier: MIT */
/*
 * Dominators of a graph with several entries: what only one node keeps
 * reachable.  The algorithm is Semi-NCA (Georgiadis 2005, "Linear-Time
 * Algorithms for Dominators and Related Problems"), iterative, without malloc.
 */
#ifndef DOMINATORS_H
#define DOMINATORS_H

#include "graph.h"

#define DOMINATORS_NONE UINT32_MAX /* nothing, or more than one entry */

/* How much memory dominators_find() needs, in 32-bit words. */
size_t dominators_memory(uint32_t nodes, uint32_t edges);

/*
 * Sets dominator[i] to the last node before i that every path from the `count`
 * entries to i goes through; DOMINATORS_NONE if there is none or no path
 * reaches i. Sets order[0 .. result) to the nodes that are reached, each after
 * its dominator, and returns their number.
 */
uint32_t dominators_find(const struct graph *g, const uint32_t *entries,
			 size_t count, uint32_t *dominator, uint32_t *order,
			 uint32_t *memory);

#endif
