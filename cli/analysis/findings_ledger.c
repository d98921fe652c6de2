/* SPDX-License-Identifier: MIT */
/*
 * Findings that rest on reference counts: above and below what there is to see,
 * of ended holders, and wrong use that the ledger noted.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"

/* One more object, which is an instance of its own; each counts once. */
static void add_instance(const struct analysis *a, struct finding *f,
			 uint32_t object)
{
	uint32_t block = a->m->objects[object].block;

	if (f->last == object)
		return;
	f->last = object;
	if (!f->count++) {
		f->least = f->most = 1;
		f->members = xcalloc(1, sizeof(*f->members));
		f->members[0] = f->shown = block;
		f->member_objects = xcalloc(1, sizeof(*f->member_objects));
		f->member_objects[0] = object;
		f->member_count = 1;
		f->instances = xcalloc(1, sizeof(*f->instances));
		f->instances[0] = block;
	}
	f->objects++;
	f->bytes += block_objects_bytes(&a->ledger->contents, object);
}

/* Is it part of what another finding is about? */
static bool is_claimed(const struct analysis *a, uint32_t object)
{
	return a->taken[object] || a->owner[a->m->objects[object].block];
}

enum finding_kind analysis_leak_kind(const struct analysis *a, uint32_t block)
{
	uint32_t o = ledger_object(a->ledger, block);

	if (!o || !ledger_counts(a->ledger, o))
		return FINDING_LEAK;
	if (!a->m->objects[o].count)
		return FINDING_ZERO;
	return ledger_residual(a->ledger, o) > 0 ? FINDING_REFERENCE
						 : FINDING_LEAK;
}

/* References that nobody gave back, of all instances. */
void analysis_count_references(struct analysis *a)
{
	const struct ledger *l = a->ledger;
	uint32_t *payers = xcalloc(a->m->object_count, sizeof(*payers));

	/* Per object, pointers from memory that is lost and not its own, or
	 * holds it for its own part, where no object is said to hold it: each
	 * may be one of the references of which nobody knows. */
	for (uint32_t e = 0; e < a->first[a->g.nodes]; e++) {
		const struct rkn_edge *edge = &a->edges[e];
		uint32_t to = l->object_of[edge->to];
		uint32_t owner = l->owner_of[edge->from];

		if (to && edge->from != edge->to && a->owner[edge->from] &&
		    !analysis_is_own(a, edge) &&
		    !(owner &&
		      declared_has(&a->declared, DECLARED_STRONG, owner, to)))
			payers[to]++;
	}
	for (uint32_t i = 1; i < a->m->object_count; i++) {
		uint32_t block = a->m->objects[i].block;
		struct finding *f;
		int64_t left;

		if (block == RKN_NONE || !a->owner[block] ||
		    a->mark[block] == ORPHANED)
			continue;
		f = &a->list[a->owner[block] - 1];
		f->evidence |= FINDING_BY_COUNTS;
		left =
		    ledger_counts(l, i) ? ledger_residual(l, i) - payers[i] : 0;
		/* Of what a finding holds, nothing is said. */
		if (left > 0 &&
		    (f->kind == FINDING_CYCLE ||
		     f->kind == FINDING_REFERENCE) &&
		    a->is_member[block])
			f->references += (uint64_t)left;
	}
	free(payers);
}

/* --- Counts against pointers ------------------------------------------------------- */

#define ANY UINT32_MAX /* words, where it is not known how many */

static void judge(struct analysis *a, struct finding_group **groups,
		  const uint32_t *words, uint32_t i)
{
	const struct rkn_object *o = &a->m->objects[i];
	const struct backing *b = &a->ledger->backing;
	struct finding_key key = { .stack = o->stack, .type = o->type };
	int64_t seen = a->ledger->ended[i] + b->silent[i];
	uint64_t more = 0;
	struct finding *f;

	if (o->block == RKN_NONE || !ledger_counts(a->ledger, i))
		return;
	if (o->count < a->ledger->strong[i]) {
		key.kind = FINDING_UNDER;
		more = (uint64_t)(a->ledger->strong[i] - o->count);
	} else if (is_claimed(a, i)) {
		return;
	} else if (!o->count) {
		key.kind = FINDING_ZERO;
	} else if (a->ledger->object_of[o->block] == i &&
		   words[o->block] != ANY &&
		   o->count > words[o->block] + seen) {
		key.kind = FINDING_OVER;
		more = (uint64_t)(o->count - words[o->block] - seen);
	} else {
		return;
	}
	f = analysis_group(a, groups, &key);
	add_instance(a, f, i);
	f->references += more;
	f->doubted |= key.kind == FINDING_OVER && b->stale[i];
	f->evidence |= FINDING_BY_COUNTS;
	f->evidence |= key.kind == FINDING_UNDER ? FINDING_BY_DECLARED : 0;
	f->evidence |= key.kind == FINDING_OVER ? FINDING_BY_SCAN : 0;
}

/*
 * References whose holder has ended. If a release that named nobody may have
 * been meant for it, the one that is left is another's; and if there are
 * pointers enough for all, one of these is.
 */
static void judge_holders(struct analysis *a, struct finding_group **groups,
			  const uint32_t *words)
{
	const struct model *m = a->m;

	for (uint32_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];
		const struct rkn_object *to = &m->objects[r->to];
		struct finding_key key = { FINDING_REFERENCE, r->stack,
					   to->type, r->field };
		struct finding *f;
		bool guess;

		if (r->kind != RKN_REFERENCE || !r->from ||
		    !(m->objects[r->from].flags & RKN_OBJECT_ENDED) ||
		    to->block == RKN_NONE || is_claimed(a, r->to))
			continue;
		guess = backing_is_guess(m, r);
		if (guess && to->count <= words[to->block])
			continue;
		f = analysis_group(a, groups, &key);
		f->doubted |= guess;
		f->evidence |= FINDING_BY_LEDGER;
		if (f->reference == RKN_NONE)
			f->reference = i;
		f->references++;
		add_instance(a, f, r->to);
	}
}

void analysis_ledger(struct analysis *a)
{
	static const enum finding_kind kinds[] = {
		[RKN_ERROR_RELEASE_AT_ZERO] = FINDING_RELEASED_AT_ZERO,
		[RKN_ERROR_REFERENCE_ON_FREED] = FINDING_ON_FREED,
		[RKN_ERROR_FREED_WHILE_HELD] = FINDING_FREED_HELD,
		[RKN_ERROR_RELEASE_BY_OTHER] = FINDING_WRONG_HOLDER,
		[RKN_ERROR_MOVE_FROM_OTHER] = FINDING_WRONG_HOLDER,
		[RKN_ERROR_UNLINK_NOTHING] = FINDING_WRONG_HOLDER,
	};
	struct finding_group *groups = NULL;
	const struct model *m = a->m;
	uint32_t *words;

	for (uint32_t i = 0; i < m->error_count; i++) {
		const struct rkn_error *e = &m->errors[i];
		struct finding_key key = { kinds[e->kind], e->stack, e->type,
					   0 };
		struct finding *f = analysis_group(a, &groups, &key);

		f->evidence |= FINDING_BY_LEDGER;
		f->count += e->count;
		f->doubted |=
		    (e->flags & (RKN_ERROR_DOUBTED | RKN_ERROR_COPIED)) != 0;
		f->references += (uint64_t)e->references;
		if (f->error == RKN_NONE)
			f->error = i;
	}
	if (a->ledger) {
		/* How many words anywhere point into each block; those in it,
		 * or in memory that is its object's own and not in doubt, do
		 * not hold it. What the program or the loader calls a root is
		 * held by what no pointer shows: of such a block no count is
		 * too high. */
		words = xcalloc(m->block_count + 1, sizeof(*words));
		for (size_t i = 0; i < m->edge_count; i++)
			words[m->edges[i].to] +=
			    m->edges[i].from != m->edges[i].to &&
			    analysis_may_hold(a, &m->edges[i]);
		for (size_t i = 0; i < m->root_count; i++)
			words[m->roots[i].block] += m->roots[i].where != 0;
		for (size_t i = 0; i < m->root_count; i++)
			if (!m->roots[i].where)
				words[m->roots[i].block] = ANY;
		judge_holders(a, &groups, words);
		for (uint32_t i = 1; i < m->object_count; i++)
			judge(a, &groups, words, i);
		free(words);
	}
	analysis_release_groups(&groups);
}
