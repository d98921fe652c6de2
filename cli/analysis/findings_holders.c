/* SPDX-License-Identifier: MIT */
/*
 * Which pointer keeps a possible leak: the first root word that points into
 * the block shown, else the first such word of memory in use. One pass over
 * roots and edges for all findings together.
 */
#include "analysis.h"

/* The possible leak that shows `block`; NULL if none does. */
static struct finding *shown_by(const struct analysis *a, uint32_t block)
{
	struct finding *f;

	if (!a->owner[block])
		return NULL;
	f = &a->list[a->owner[block] - 1];
	return f->kind == FINDING_POSSIBLE && f->members[0] == block ? f : NULL;
}

void analysis_holders(struct analysis *a)
{
	/* They are sorted by kind, possible leaks last. */
	if (!a->count || a->list[a->count - 1].kind != FINDING_POSSIBLE)
		return;
	for (uint32_t i = 0; i < a->m->root_count; i++) {
		struct finding *f = shown_by(a, a->m->roots[i].block);

		if (f && f->held_by_root == RKN_NONE)
			f->held_by_root = i;
	}
	/* A block without an owner is in use. */
	for (uint32_t i = 0; i < a->m->edge_count; i++) {
		const struct rkn_edge *e = &a->m->edges[i];
		struct finding *f;

		if (a->owner[e->from])
			continue;
		f = shown_by(a, e->to);
		if (f && f->held_by_root == RKN_NONE &&
		    f->held_by_edge == RKN_NONE)
			f->held_by_edge = i;
	}
}
