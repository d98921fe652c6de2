/* SPDX-License-Identifier: MIT */
/*
 * Objects that ended, or were freed, while they held references on what a finding
 * is about: whoever freed them forgot these.
 */
#include <stdlib.h>

#include "analysis.h"
#include "backing.h"
#include "changes.h"
#include "die.h"

struct held {
	uint32_t finding, holder;
};

static int compare(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->finding != y->finding)
		return x->finding < y->finding ? -1 : 1;
	return (x->holder > y->holder) - (x->holder < y->holder);
}

static bool is_of_ended(const struct model *m, const struct rkn_reference *r)
{
	return r->kind == RKN_REFERENCE && r->from &&
	       m->objects[r->from].flags & RKN_OBJECT_ENDED &&
	       m->objects[r->to].block != RKN_NONE;
}

/* The finding of leaked references that are like `r`; a->count: there is none. */
static uint32_t finding_like(const struct analysis *a,
			     const struct rkn_reference *r)
{
	const struct model *m = a->m;

	for (uint32_t i = 0; i < a->count; i++) {
		const struct rkn_reference *of =
		    &m->references[a->list[i].reference];

		if (a->list[i].kind == FINDING_REFERENCE &&
		    a->list[i].reference != RKN_NONE && of->stack == r->stack &&
		    of->field == r->field &&
		    m->objects[of->to].type == m->objects[r->to].type)
			return i;
	}
	return (uint32_t)a->count;
}

/* Of references that may have been given back by a release without a holder
 * nobody is named, unless such calls explain each other. */
static uint32_t finding_of(const struct analysis *a,
			   const struct rkn_reference *r)
{
	uint32_t block = a->m->objects[r->to].block;

	if (!a->owner[block])
		return finding_like(a, r);
	return backing_is_guess(a->m, r) && !changes_explain(a->m, r->to)
		   ? (uint32_t)a->count
		   : a->owner[block] - 1;
}

void analysis_ended(struct analysis *a)
{
	const struct model *m = a->m;
	struct held *list = xcalloc(m->reference_count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];
		uint32_t finding;

		if (!is_of_ended(m, r))
			continue;
		finding = finding_of(a, r);
		if (finding < a->count)
			list[count++] = (struct held){ finding, r->from };
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
