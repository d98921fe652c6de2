/* SPDX-License-Identifier: MIT */
#include "holding.h"

#include <stdlib.h>
#include <string.h>

#include "declared.h"
#include "die.h"
#include "ledger.h"

/* --- Pointers and what is declared ------------------------------------------- */

static bool is_weak(const struct declared *d, const struct ledger *l,
		    const struct rkn_edge *e)
{
	uint32_t from = l->owner_of[e->from], to = l->object_of[e->to];

	return to &&
	       (declared_has(d, DECLARED_BLOCK_WEAK, e->from, to) ||
		(from && declared_has(d, DECLARED_WEAK, from, to))) &&
	       !declared_has(d, DECLARED_BLOCK_STRONG, e->from, to) &&
	       !(from && declared_has(d, DECLARED_STRONG, from, to));
}

/* The model's edges without the weak ones, and those without a pointer. `l`
 * NULL: nothing is declared. */
static void merge(struct holding *h, const struct ledger *l,
		  struct counts *counts)
{
	static const struct backing none;
	const struct backing *b = l ? &l->backing : &none;
	const struct model *m = h->m;
	uint32_t n = (uint32_t)m->block_count, count = 0, e = 0, i = 0;
	struct declared declared;

	if (l)
		declared_make(&declared, m);
	h->edges =
	    xcalloc(m->edge_count + b->edge_count + 1, sizeof(*h->edges));
	for (uint32_t from = 0; from < n; from++) {
		h->first[from] = count;
		for (; e < m->edge_count && m->edges[e].from == from; e++)
			if (!counts_is_weak(counts, &m->edges[e]) &&
			    !(l && is_weak(&declared, l, &m->edges[e])))
				h->edges[count++] = m->edges[e];
		for (; i < b->edge_count && b->edges[i].from == from; i++)
			h->edges[count++] = b->edges[i];
	}
	h->first[n] = count;
	h->said = xcalloc(b->edge_count - i + 1ul, sizeof(*h->said));
	for (; i < b->edge_count; i++)
		h->said[h->said_count++] = b->edges[i].to;
	if (l)
		declared_release(&declared);
}

static void make_graph(struct holding *h, struct counts *counts)
{
	const struct model *m = h->m;
	struct ledger *l = m->reference_count ? ledger_open(m) : NULL;

	h->first = xcalloc(m->block_count + 1, sizeof(*h->first));
	if (l || (counts && m->count_count))
		merge(h, l, counts);
	else
		graph_index(h->first, m->block_count, m->edges, m->edge_count);
	h->g = (struct graph){ .nodes = (uint32_t)m->block_count,
			       .first = h->first,
			       .edges = h->edges ? h->edges : m->edges };
	ledger_close(l);
}

/* --- Where ways begin ---------------------------------------------------------- */

static void find_weak(struct holding *h, struct counts *counts)
{
	const struct model *m = h->m;

	if (!counts || !m->count_count)
		return;
	h->weak = xcalloc(m->root_count + 1, 1);
	for (size_t i = 0; i < m->root_count; i++)
		h->weak[i] = counts_root_is_weak(counts, &m->roots[i]);
}

/* Only what nothing else leads to is kept by a weak root. */
static void mark_weakly(struct holding *h, uint32_t *queue)
{
	const struct model *m = h->m;

	for (size_t i = 0; h->weak && i < m->root_count; i++) {
		if (!h->weak[i] || h->mark[m->roots[i].block])
			continue;
		h->weak[i] = 0;
		graph_mark(&h->g, &m->roots[i].block, 1, HOLDING_KEPT, h->mark,
			   NULL, NULL, queue);
	}
}

static void mark_kept(struct holding *h, uint32_t *queue)
{
	const struct model *m = h->m;

	for (size_t i = 0; i < m->root_count; i++)
		if (!holding_is_weak(h, i))
			graph_mark(&h->g, &m->roots[i].block, 1, HOLDING_KEPT,
				   h->mark, NULL, NULL, queue);
	for (size_t i = 0; i < m->gone_count; i++)
		graph_mark(&h->g, &m->gone[i].block, 1, HOLDING_KEPT, h->mark,
			   NULL, NULL, queue);
	graph_mark(&h->g, h->said, h->said_count, HOLDING_KEPT, h->mark, NULL,
		   NULL, queue);
	mark_weakly(h, queue);
	for (size_t i = 0; i < m->root_count; i++)
		if (!holding_is_weak(h, i))
			h->mark[m->roots[i].block] = HOLDING_ROOTED;
	for (size_t i = 0; i < m->gone_count; i++)
		h->mark[m->gone[i].block] = HOLDING_ROOTED;
	for (uint32_t i = 0; i < h->said_count; i++)
		h->mark[h->said[i]] = HOLDING_ROOTED;
}

static void find_sources(struct holding *h, uint32_t *memory)
{
	h->component = xcalloc(h->g.nodes + 1ul, sizeof(*h->component));
	h->components = graph_components(&h->g, h->mark, HOLDING_LOST,
					 h->component, memory);
	h->held = xcalloc(h->components + 1ul, 1);
	for (uint32_t b = 0; b < h->g.nodes; b++) {
		if (h->mark[b] != HOLDING_LOST)
			continue;
		for (uint32_t e = h->first[b]; e < h->first[b + 1]; e++) {
			uint32_t to = h->component[h->g.edges[e].to];

			if (to != UINT32_MAX && to != h->component[b])
				h->held[to] = 1;
		}
	}
}

void holding_open(struct holding *h, const struct model *m,
		  struct counts *counts)
{
	uint32_t *memory;

	*h = (struct holding){ .m = m };
	make_graph(h, counts);
	h->mark = xcalloc(h->g.nodes + 1ul, 1);
	memory =
	    xcalloc(graph_components_memory(h->g.nodes) + 1, sizeof(*memory));
	find_weak(h, counts);
	mark_kept(h, memory);
	if (memchr(h->mark, HOLDING_LOST, h->g.nodes))
		find_sources(h, memory);
	free(memory);
}

void holding_close(struct holding *h)
{
	free(h->first);
	free(h->edges);
	free(h->mark);
	free(h->said);
	free(h->weak);
	free(h->component);
	free(h->held);
	*h = (struct holding){ 0 };
}
