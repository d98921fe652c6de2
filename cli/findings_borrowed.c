/* SPDX-License-Identifier: MIT */
/* Pointers that are no references, and so keep nothing that is lost. */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"

/* Is there an edge from `from` to `to` of a kind that counts, or of one that
 * does not? */
static bool is_declared(const struct model *m, uint32_t from, uint32_t to,
			bool weak)
{
	size_t first, n = model_references_of(m, to, &first);

	for (size_t i = first; i < first + n; i++)
		if (m->references[i].from == from &&
		    (m->references[i].kind == RKN_REFERENCE_WEAK) == weak)
			return true;
	return false;
}

/*
 * From an object, or from memory that is its own, a pointer to another object
 * that is declared weak keeps nothing alive, and one that is not declared at
 * all is borrowed if every reference on its target has a holder that is known.
 */
static bool is_borrowed(const struct analysis *a, const struct rkn_edge *e,
			const uint32_t *owners)
{
	const struct ledger *l = a->ledger;
	uint32_t from = owners[e->from], to = l->object_of[e->to];

	if (!from || !to || e->from == e->to)
		return false;
	if (is_declared(a->m, from, to, false))
		return false;
	return is_declared(a->m, from, to, true) ||
	       (ledger_counts(l, to) && a->m->objects[to].count &&
		!ledger_residual(l, to));
}

#define MANY UINT32_MAX /* owners, so that none is known */

static uint8_t *find_weak_holders(const struct model *m)
{
	uint8_t *weak = xcalloc(m->object_count, 1);

	for (size_t i = 0; i < m->reference_count; i++)
		if (m->references[i].kind == RKN_REFERENCE_WEAK)
			weak[m->references[i].from] = 1;
	return weak;
}

/*
 * The object whose memory each block is: itself, or the one with weak edges
 * from which alone pointers lead to it through blocks that are no objects (a
 * table, its rows). 0: none.
 */
static uint32_t *find_owners(const struct analysis *a)
{
	const struct model *m = a->m;
	const uint32_t *object_of = a->ledger->object_of;
	uint32_t *owners = xcalloc(a->g.nodes + 1u, sizeof(*owners));
	/* A block is put there at most when it gets an owner and when more. */
	uint32_t *queue = xcalloc(2u * a->g.nodes + 1u, sizeof(*queue));
	uint8_t *weak = find_weak_holders(m);
	uint32_t head = 0, tail = 0;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		owners[b] = object_of[b];
		if (a->mark[b] == LOST && weak[object_of[b]])
			queue[tail++] = b;
	}
	for (; head < tail; head++) {
		uint32_t b = queue[head];

		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++) {
			uint32_t to = a->g.edges[e].to;

			if (object_of[to] || a->mark[to] != LOST ||
			    owners[to] == owners[b] || owners[to] == MANY)
				continue;
			owners[to] = owners[to] ? MANY : owners[b];
			queue[tail++] = to;
		}
	}
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (owners[b] == MANY)
			owners[b] = 0;
	free(queue);
	free(weak);
	return owners;
}

void analysis_drop_borrowed(struct analysis *a)
{
	uint32_t *owners = find_owners(a);
	uint32_t kept = 0;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		uint32_t e = a->first[b], end = a->first[b + 1];

		a->first[b] = kept;
		for (; e < end; e++)
			if (a->mark[b] != LOST ||
			    !is_borrowed(a, &a->edges[e], owners))
				a->edges[kept++] = a->edges[e];
	}
	a->first[a->g.nodes] = kept;
	free(owners);
}
