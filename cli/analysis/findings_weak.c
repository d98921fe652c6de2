/* SPDX-License-Identifier: MIT */
/*
 * A std::weak_ptr or a Weak does not keep what it leads to while strong references
 * do: it makes no cycle, and what else keeps the object is what was lost.  What is
 * lost and what is not stays as it is: a block that only weak references lead to
 * can be reached.
 */
#include <string.h>

#include "analysis.h"
#include "die.h"

static bool is_lost(const struct analysis *a, const struct rkn_edge *e)
{
	return a->mark[e->from] == LOST && a->mark[e->to] == LOST;
}

/* Types are read only if this may change something. */
static bool has_weak(const struct analysis *a)
{
	bool asked = false;

	for (size_t i = 0; i < a->m->count_count && !asked; i++)
		asked = a->mark[a->m->counts[i].block] == LOST;
	for (uint32_t i = 0; asked && i < a->first[a->g.nodes]; i++)
		if (is_lost(a, &a->g.edges[i]) &&
		    counts_is_weak(a->counts, &a->g.edges[i]))
			return true;
	return false;
}

void analysis_drop_weak(struct analysis *a)
{
	uint32_t kept = 0, e = 0;

	if (!has_weak(a))
		return;
	if (!a->edges) {
		a->edges = xcalloc((size_t)a->first[a->g.nodes] + 1,
				   sizeof(*a->edges));
		memcpy(a->edges, a->g.edges,
		       a->first[a->g.nodes] * sizeof(*a->edges));
		a->g.edges = a->edges;
	}
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		for (; e < a->first[b + 1]; e++)
			if (!is_lost(a, &a->edges[e]) ||
			    !counts_is_weak(a->counts, &a->edges[e]))
				a->edges[kept++] = a->edges[e];
		a->first[b + 1] = kept;
	}
}
