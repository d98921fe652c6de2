/* SPDX-License-Identifier: MIT */
/* Pointers that are no references, and so keep nothing that is lost. */
#include <stdlib.h>

#include "analysis.h"
#include "list.h"
#include "value_set.h"

/* Does the program say that of the pointer's block, or of the object whose memory
 * that is, and the object that it leads to? */
static bool is_said(const struct analysis *a, const struct rkn_edge *e,
		    enum declared_how by_object, enum declared_how by_block)
{
	uint32_t from = a->ledger->owner_of[e->from];
	uint32_t to = a->ledger->object_of[e->to];

	return (from && declared_has(&a->declared, by_object, from, to)) ||
	       declared_has(&a->declared, by_block, e->from, to);
}

bool analysis_is_declared(const struct analysis *a, const struct rkn_edge *e)
{
	return e->from_word == RKN_NONE ||
	       is_said(a, e, DECLARED_STRONG, DECLARED_BLOCK_STRONG);
}

/*
 * A pointer to an object that is not declared, or declared weak. The object's
 * own memory holds it where analysis_own says so only; another object, or its
 * memory, only if there are references whose holder is not known.
 */
static bool is_borrowed(const struct analysis *a, const struct rkn_edge *e)
{
	const struct ledger *l = a->ledger;
	uint32_t from = l->owner_of[e->from], to = l->object_of[e->to];

	if (e->from == e->to || analysis_is_declared(a, e))
		return false;
	if (analysis_is_link(a, e))
		return true;
	if (!to)
		return false;
	if (is_said(a, e, DECLARED_WEAK, DECLARED_BLOCK_WEAK))
		return true;
	if (!from || !ledger_counts(l, to))
		return false;
	if (from == to)
		return analysis_is_own(a, e);
	return a->m->objects[to].count && !ledger_residual(l, to);
}

/* Leave out the edges of lost blocks that `drop` wants to go. */
static void drop_edges(struct analysis *a,
		       bool (*drop)(const struct analysis *a,
				    const struct rkn_edge *e))
{
	uint32_t kept = 0;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		uint32_t e = a->first[b], end = a->first[b + 1];

		a->first[b] = kept;
		for (; e < end; e++)
			if (a->mark[b] != LOST || !drop(a, &a->edges[e]))
				a->edges[kept++] = a->edges[e];
	}
	a->first[a->g.nodes] = kept;
}

/* --- More pointers than references ----------------------------------------- */

/* A pointer that may be a reference on an object in the same component. */
struct pointer {
	uint32_t to;   /* object */
	uint32_t edge; /* index into a->edges */
	uint64_t kind; /* what it is of, and where in that */
	uint64_t by;   /* what would have paid: an object, or a block */
};

static bool may_pay(const struct analysis *a, const struct rkn_edge *e)
{
	uint32_t to = a->ledger->object_of[e->to];

	return a->component[e->from] != UINT32_MAX &&
	       a->component[e->from] == a->component[e->to] &&
	       e->from != e->to && to && ledger_counts(a->ledger, to) &&
	       ledger_residual(a->ledger, to) > 0 &&
	       !analysis_is_declared(a, e);
}

static int compare(const void *a, const void *b)
{
	const struct pointer *x = a, *y = b;

	return ORDER(x->to, y->to) ?:
	       ORDER(x->kind, y->kind) ?:
	       ORDER(x->by, y->by);
}

static bool is_given_up(const struct analysis *a, const struct rkn_edge *e)
{
	(void)a;
	return e->from == e->to && e->from_word == RKN_NONE;
}

void analysis_drop_borrowed(struct analysis *a)
{
	const struct ledger *l = a->ledger;
	struct pointer *list = NULL;
	size_t count = 0;

	analysis_links(a);
	drop_edges(a, is_borrowed);
	/* The pointers of one kind are references all or none: the children of
	 * a parent whose count is less than their number do not hold it by the
	 * field that leads back. Those that go become something that drop_edges
	 * knows. */
	graph_components(&a->g, a->mark, LOST, a->component, a->memory);
	for (uint32_t i = 0; i < a->first[a->g.nodes]; i++) {
		const struct rkn_edge *e = &a->edges[i];
		uint32_t of = l->object_of[e->from], to = l->object_of[e->to];
		uint32_t owner = l->owner_of[e->from];
		uint64_t what = of ? 1ull << 32 | a->m->objects[of].type
				   : a->m->blocks[e->from].stack;
		uint64_t place = (uint64_t)e->from_word << 32 | e->to_offset;

		if (may_pay(a, e))
			*LIST_ADD(list, count) = (struct pointer){
				to, i,
				value_set_mix(value_set_mix(what) + place),
				owner && owner != to ? 1ull << 32 | owner
						     : e->from
			};
	}
	if (count)
		qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0, end; i < count; i = end) {
		int64_t payers = 1;

		for (end = i + 1; end < count && list[end].to == list[i].to &&
				  list[end].kind == list[i].kind;
		     end++)
			payers += list[end].by != list[end - 1].by;
		if (payers <= ledger_residual(l, list[i].to))
			continue;
		for (; i < end; i++) {
			struct rkn_edge *e = &a->edges[list[i].edge];

			e->to = e->from;
			e->from_word = RKN_NONE;
		}
	}
	free(list);
	if (count)
		drop_edges(a, is_given_up);
}
