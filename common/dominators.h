/* SPDX-License-Identifier: MIT */
/*
 * Dominators of a graph from several entries at once: what each node alone
 * keeps.  Semi-NCA (Georgiadis 2005, "Linear-Time Algorithms for Dominators and
 * Related Problems"); iterative, no malloc.
 */
#ifndef DOMINATORS_H
#define DOMINATORS_H

#include "graph.h"

#define DOMINATORS_NONE UINT32_MAX /* nothing, or more than one entry */

/* Memory for dominators_find, in 32-bit words. */
size_t dominators_memory(uint32_t nodes, uint32_t edges);

/*
 * dominator[i]: the last node that every path from the `count` entries to node
 * i goes through, i aside; DOMINATORS_NONE if there is none, or i is not
 * reached. order[0 .. result): the nodes that are reached, each after its
 * dominator.
 */
uint32_t dominators_find(const struct graph *g, const uint32_t *entries,
			 size_t count, uint32_t *dominator, uint32_t *order,
			 uint32_t *memory);

#endif
