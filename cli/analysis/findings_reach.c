/* SPDX-License-Identifier: MIT */
/*
 * Which blocks the roots lead to, over pointers and over what the program
 * declared (see backing.h). A pointer into a block's middle counts like one to
 * its start where it is known to be meant: see findings_inner.c for single
 * pointers and findings_headers.c for what is learnt from all. Others may be
 * chance, and what only they hold is a possible leak.
 */
#include "analysis.h"

struct reach {
	struct analysis *a;
	struct headers *headers; /* NULL: none known */
};

static int is_firm(const struct reach *r, uint32_t block, uint32_t offset)
{
	return !offset ||
	       analysis_is_behind_header(r->headers, block, offset) ||
	       analysis_is_meant(r->a, block, offset);
}

static int follow_firm(const struct rkn_edge *edge, void *data)
{
	return is_firm(data, edge->to, edge->to_offset);
}

static void mark_firm(struct analysis *a, struct reach *r)
{
	const struct backing *b;

	for (size_t i = 0; i < a->m->root_count; i++) {
		const struct rkn_root *root = &a->m->roots[i];

		if (is_firm(r, root->block, root->to_offset))
			graph_mark(&a->g, &root->block, 1, REACHABLE, a->mark,
				   follow_firm, r, a->memory);
	}
	/* What a holder outside the heap is said to hold. */
	b = a->ledger ? &a->ledger->backing : NULL;
	for (uint32_t i = b ? b->edge_count : 0; i-- > 0;) {
		if (b->edges[i].from != RKN_NONE)
			return;
		graph_mark(&a->g, &b->edges[i].to, 1, REACHABLE, a->mark,
			   follow_firm, r, a->memory);
	}
}

static uint64_t mark_doubtful(struct analysis *a)
{
	uint64_t marked = 0;

	for (size_t i = 0; i < a->m->root_count; i++)
		marked += graph_mark(&a->g, &a->m->roots[i].block, 1, DOUBTFUL,
				     a->mark, NULL, NULL, a->memory);
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		if (a->mark[b] != REACHABLE)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			marked +=
			    graph_mark(&a->g, &a->g.edges[e].to, 1, DOUBTFUL,
				       a->mark, NULL, NULL, a->memory);
	}
	return marked;
}

/* Whether anything is in doubt. */
static bool mark_all(struct analysis *a, struct reach *r)
{
	bool doubt;

	mark_firm(a, r);
	/* What was in use until the program threw away what held it, as if
	 * looked at just before. */
	for (size_t i = 0; i < a->m->gone_count; i++)
		graph_mark(&a->g, &a->m->gone[i].block, 1, GONE, a->mark,
			   follow_firm, r, a->memory);
	doubt = mark_doubtful(a) > 0;
	/* And what that held by other pointers into the middle only. */
	for (uint32_t b = 0; a->m->gone_count && b < a->g.nodes; b++) {
		if (a->mark[b] != GONE)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			graph_mark(&a->g, &a->g.edges[e].to, 1, GONE, a->mark,
				   NULL, NULL, a->memory);
	}
	return doubt;
}

void analysis_reach(struct analysis *a)
{
	struct reach r = { .a = a };

	if (!mark_all(a, &r))
		return;
	r.headers = analysis_learn_headers(a);
	if (analysis_has_headers(r.headers)) {
		for (uint32_t b = 0; b < a->g.nodes; b++)
			a->mark[b] = LOST;
		mark_all(a, &r);
	}
	analysis_release_headers(r.headers);
}
