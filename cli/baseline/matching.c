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

static void begin(struct matching *m)
{
	for (size_t i = 0; i < m->lefts; i++)
		m->left_cost[i] = m->edge_of_left[i] == MATCHING_NONE ? 0 : FAR;
	for (size_t k = 0; k < m->rights; k++)
		m->right_cost[k] = FAR;
}

/* There over an edge that is no pair, back over the one that is. */
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

/* The right one without a partner that is nearest. */
static size_t nearest(const struct matching *m)
{
	size_t best = MATCHING_NONE;

	for (size_t k = 0; k < m->rights; k++)
		if (m->edge_of_right[k] == MATCHING_NONE &&
		    m->right_cost[k] != FAR &&
		    (best == MATCHING_NONE ||
		     m->right_cost[k] < m->right_cost[best]))
			best = k;
	return best;
}

/* Along the way the partners change. */
static void augment(struct matching *m, size_t right)
{
	size_t edge, left, before;

	do {
		edge = m->way[right];
		left = m->edges[edge].left;
		before = m->edge_of_left[left];
		m->edge_of_left[left] = m->edge_of_right[right] = edge;
		if (before != MATCHING_NONE)
			right = m->edges[before].right;
	} while (before != MATCHING_NONE);
}

static bool add_pair(struct matching *m)
{
	bool changed = true;
	size_t right;

	begin(m);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < m->count; i++)
			changed |= relax(m, i);
	}
	right = nearest(m);
	if (right == MATCHING_NONE)
		return false;
	augment(m, right);
	return true;
}

static size_t *none(size_t count)
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
		.edge_of_left = none(lefts),
		.edge_of_right = none(rights),
		.left_cost = xcalloc(lefts, sizeof(*m.left_cost)),
		.right_cost = xcalloc(rights, sizeof(*m.right_cost)),
		.way = none(rights),
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
