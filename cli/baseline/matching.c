/* SPDX-License-Identifier: MIT */
#include "matching.h"

#include <stdbool.h>
#include <stdlib.h>

#include "die.h"

#define FAR INT64_MAX

struct matching {
	const struct matching_edge *edges;
	size_t count, lefts, rights;
	size_t *edge_of_left, *edge_of_right; /* of the pair; MATCHING_NONE */
	/* Least cost of a way to it from a left one without a partner, and the
	 * edge that it ends with. */
	int64_t *left_cost, *right_cost;
	size_t *way;
};

/* A way goes there over an edge that is not a pair, and back over one that is. */
static bool relax(struct matching *m, size_t edge)
{
	const struct matching_edge *e = &m->edges[edge];
	size_t pair = m->edge_of_right[e->right];
	int64_t cost;

	if (m->left_cost[e->left] == FAR || m->edge_of_left[e->left] == edge)
		return false;
	cost = m->left_cost[e->left] + e->cost;
	if (cost >= m->right_cost[e->right])
		return false;
	m->right_cost[e->right] = cost;
	m->way[e->right] = edge;
	if (pair != MATCHING_NONE)
		m->left_cost[m->edges[pair].left] = cost - m->edges[pair].cost;
	return true;
}

/* Finds the shortest way to a right one without a partner, and changes partners
 * along it; false: there is none. */
static bool add_pair(struct matching *m)
{
	size_t best = MATCHING_NONE, before;
	bool changed = true;

	for (size_t i = 0; i < m->lefts; i++)
		m->left_cost[i] = m->edge_of_left[i] == MATCHING_NONE ? 0 : FAR;
	for (size_t k = 0; k < m->rights; k++)
		m->right_cost[k] = FAR;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < m->count; i++)
			changed |= relax(m, i);
	}
	for (size_t k = 0; k < m->rights; k++)
		if (m->edge_of_right[k] == MATCHING_NONE &&
		    m->right_cost[k] != FAR &&
		    (best == MATCHING_NONE ||
		     m->right_cost[k] < m->right_cost[best]))
			best = k;
	if (best == MATCHING_NONE)
		return false;
	do {
		size_t edge = m->way[best], left = m->edges[edge].left;

		before = m->edge_of_left[left];
		m->edge_of_left[left] = m->edge_of_right[best] = edge;
		if (before != MATCHING_NONE)
			best = m->edges[before].right;
	} while (before != MATCHING_NONE);
	return true;
}

static size_t *make_list(size_t count)
{
	size_t *list = xcalloc(count, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = MATCHING_NONE;
	return list;
}

void matching_make(size_t *right_of, size_t lefts, size_t rights,
		   const struct matching_edge *edges, size_t count)
{
	struct matching m = {
		.edges = edges,
		.count = count,
		.lefts = lefts,
		.rights = rights,
		.edge_of_left = make_list(lefts),
		.edge_of_right = make_list(rights),
		.left_cost = xcalloc(lefts, sizeof(*m.left_cost)),
		.right_cost = xcalloc(rights, sizeof(*m.right_cost)),
		.way = make_list(rights),
	};

	while (add_pair(&m))
		;
	for (size_t i = 0; i < lefts; i++)
		right_of[i] = m.edge_of_left[i] == MATCHING_NONE
				  ? MATCHING_NONE
				  : edges[m.edge_of_left[i]].right;
	free(m.edge_of_left);
	free(m.edge_of_right);
	free(m.left_cost);
	free(m.right_cost);
	free(m.way);
}
