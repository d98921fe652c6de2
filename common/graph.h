/* SPDX-License-Identifier: MIT */
/*
 * The graph engine: reachability and strongly connected components over
 * blocks and the pointers between them.  It is linear in nodes + edges and uses
 * neither recursion nor malloc: the caller gives the memory, so that the shim
 * can use it too.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include <refknot/format.h>

/*
 * Edges stay where the recording has them: those of node i are
 * edges[first[i] .. first[i+1]).  Every edges[].to is below `nodes`, and both
 * numbers are below UINT32_MAX.
 */
struct graph {
	uint32_t nodes;
	const uint32_t *first; /* nodes + 1 */
	const struct rkn_edge *edges;
};

/*
 * Fills first[0 .. nodes] for edges in the order of `from`. They end at the
 * first one that is not; the result is their number.
 */
static inline uint32_t graph_index(uint32_t *first, size_t nodes,
				   const struct rkn_edge *edges, size_t count)
{
	uint32_t e = 0;

	for (size_t i = 0; i < nodes; i++) {
		first[i] = e;
		while (e < count && edges[e].from == i)
			e++;
	}
	first[nodes] = e;
	return e;
}

/* Whether to follow `edge`: 0 if not. */
typedef int graph_edge_filter(const struct rkn_edge *edge, void *data);

/*
 * Marks with `colour` every node with mark 0 that the `count` nodes in `starts`
 * reach, themselves included, over edges that `filter` (NULL: all) admits.
 * `queue` has room for g->nodes. Returns the number of nodes newly marked;
 * queue[0 .. result) has them in breadth-first order.
 */
uint32_t graph_mark(const struct graph *g, const uint32_t *starts, size_t count,
		    uint8_t colour, uint8_t *mark, graph_edge_filter *filter,
		    void *data, uint32_t *queue);

/* How much memory graph_components() needs, in 32-bit words. */
size_t graph_components_memory(uint32_t nodes);

/*
 * Finds the strongly connected components of the subgraph of nodes whose mark
 * equals `colour` (Tarjan 1972, iterative after Pearce 2016). component[i] is
 * numbered from 0 in reverse topological order: a component has a greater
 * number than those that it points to. It is UINT32_MAX for nodes outside.
 * Returns the number of components. `memory` is as above.
 */
uint32_t graph_components(const struct graph *g, const uint8_t *mark,
			  uint8_t colour, uint32_t *component,
			  uint32_t *memory);

#endif
