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

static uint64_t mark_from(struct analysis *a, uint32_t block,
			  enum colour colour, struct reach *r)
{
	return graph_mark(&a->g, &block, 1, (uint8_t)colour, a->mark,
			  r ? follow_firm : NULL, r, a->memory);
}

/* What blocks of `from` lead to by any pointer. */
static uint64_t mark_behind(struct analysis *a, enum colour from,
			    enum colour colour)
{
	uint64_t marked = 0;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		if (a->mark[b] != from)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			marked += mark_from(a, a->g.edges[e].to, colour, NULL);
	}
	return marked;
}

/* Whether anything is in doubt. */
static bool mark_all(struct analysis *a, struct reach *r)
{
	const struct backing *b = a->ledger ? &a->ledger->backing : NULL;
	const struct model *m = a->m;
	uint64_t doubtful = 0;

	for (size_t i = 0; i < m->root_count; i++)
		if (is_firm(r, m->roots[i].block, m->roots[i].to_offset))
			mark_from(a, m->roots[i].block, REACHABLE, r);
	/* What a holder outside the heap is said to hold. */
	for (uint32_t i = b ? b->edge_count : 0;
	     i-- > 0 && b->edges[i].from == RKN_NONE;)
		mark_from(a, b->edges[i].to, REACHABLE, r);
	/* What was in use until the program threw away what held it, as if
	 * looked at just before. */
	for (size_t i = 0; i < m->gone_count; i++)
		mark_from(a, m->gone[i].block, GONE, r);
	for (size_t i = 0; i < m->root_count; i++)
		doubtful += mark_from(a, m->roots[i].block, DOUBTFUL, NULL);
	doubtful += mark_behind(a, REACHABLE, DOUBTFUL);
	/* And what that held by other pointers into the middle only. */
	if (m->gone_count)
		mark_behind(a, GONE, GONE);
	return doubtful > 0;
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
