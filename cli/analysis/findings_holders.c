/* SPDX-License-Identifier: MIT */
/*
 * What holds what findings are about. Of a possible leak: the first root word
 * that points into the block shown, else the first such word of memory in use.
 * Of others: objects that ended, or were freed, while they held references;
 * whoever freed them forgot these.
 */
#include <stdlib.h>

#include "analysis.h"
#include "backing.h"
#include "changes.h"
#include "die.h"
#include "list.h"

struct held {
	uint32_t finding, holder;
};

static int compare(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return ORDER(x->finding, y->finding) ?: ORDER(x->holder, y->holder);
}

/* The finding that `r` is about; a->count: there is none. */
static size_t finding_of(const struct analysis *a,
			 const struct rkn_reference *r)
{
	const struct model *m = a->m;
	uint32_t block = m->objects[r->to].block;
	size_t i = 0;

	/* If a release without a holder may have been meant for it, no holder
	 * is named, unless such calls explain each other. */
	if (a->owner[block])
		return backing_is_guess(m, r) && !changes_explain(m, r->to)
			   ? a->count
			   : a->owner[block] - 1;
	for (; i < a->count; i++) {
		const struct finding *f = &a->list[i];
		const struct rkn_reference *of = &m->references[f->reference];

		if (f->kind == FINDING_REFERENCE && f->reference != RKN_NONE &&
		    of->stack == r->stack && of->field == r->field &&
		    m->objects[of->to].type == m->objects[r->to].type)
			break;
	}
	return i;
}

void analysis_ended(struct analysis *a)
{
	const struct model *m = a->m;
	struct held *list = xcalloc(m->reference_count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];
		size_t finding;

		if (r->kind != RKN_REFERENCE || !r->from ||
		    !(m->objects[r->from].flags & RKN_OBJECT_ENDED) ||
		    m->objects[r->to].block == RKN_NONE)
			continue;
		finding = finding_of(a, r);
		if (finding < a->count)
			list[count++] =
			    (struct held){ (uint32_t)finding, r->from };
	}
	qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++) {
		struct finding *f = &a->list[list[i].finding];

		f->ended_references++;
		if (i && !compare(&list[i - 1], &list[i]))
			continue;
		if (f->ended_count < FINDING_HOLDERS)
			f->ended[f->ended_count] = list[i].holder;
		f->ended_count++;
	}
	free(list);
}

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
