/* SPDX-License-Identifier: MIT */
/* What happened to a cycle: what closed it, what orphaned it, and how to break
 * it. */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "list.h"

#define SIMULATED 64 /* references of one cycle that are tried */

struct inside {
	const struct model *m;
	uint32_t *objects; /* of the members, ascending */
	size_t count;
};

/* The best reference to give back: the one that frees most, of several the
 * newest, as it closed the cycle. */
static void try_reference(struct analysis *a, struct finding *f, uint32_t r,
			  int64_t *scratch)
{
	const struct rkn_reference *list = a->m->references;
	uint64_t bytes, n = ledger_simulate(a->ledger, r, scratch, &bytes);

	if (!n || n < f->hint_objects ||
	    (n == f->hint_objects && f->hint != RKN_NONE &&
	     list[r].order < list[f->hint].order))
		return;
	f->hint = r;
	f->hint_objects = n;
	f->hint_bytes = bytes;
}

/* The objects that its members are, or that are in their blocks. */
static struct inside find_inside(const struct analysis *a,
				 const struct finding *f)
{
	const struct block_objects *c = &a->ledger->contents;
	struct inside in = { a->m, NULL, 0 };
	size_t n = 0;

	for (size_t i = 0; i < f->member_count; i++)
		n += f->member_objects ? 1 : c->count[f->members[i]];
	in.objects = xcalloc(n + 1, sizeof(*in.objects));
	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t b = f->members[i];

		if (f->member_objects)
			in.objects[in.count++] = f->member_objects[i];
		for (uint32_t k = 0; !f->member_objects && k < c->count[b]; k++)
			in.objects[in.count++] = c->first[b] + k;
	}
	if (n)
		qsort(in.objects, n, sizeof(*in.objects), list_ascending_32);
	return in;
}

/* May the edge be what closes the cycle `f`, though the program does not say
 * so? */
static bool is_undeclared(const struct analysis *a, const struct finding *f,
			  const struct rkn_edge *e)
{
	uint32_t to = a->ledger->object_of[e->to];

	return to && e->from != e->to && a->is_member[e->to] &&
	       a->owner[e->to] && &a->list[a->owner[e->to] - 1] == f &&
	       ledger_counts(a->ledger, to) &&
	       ledger_residual(a->ledger, to) > 0 &&
	       !analysis_is_declared(a, e);
}

static uint64_t birth(const struct model *m, uint32_t block)
{
	return m->blocks[block].birth;
}

/* The pointer that may lead back: to where the oldest is. */
static void find_undeclared(const struct analysis *a, struct finding *f)
{
	const struct rkn_edge *best = NULL;
	size_t first = 0, n;

	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t b = f->members[i];

		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			if (is_undeclared(a, f, &a->g.edges[e]) &&
			    (!best ||
			     (ORDER(birth(a->m, best->to),
				    birth(a->m, a->g.edges[e].to))
				  ?: ORDER(birth(a->m, a->g.edges[e].from),
					   birth(a->m, best->from))) > 0))
				best = &a->g.edges[e];
	}
	/* Its index among those of the model. */
	n = best ? model_edges_of(a->m, best->from, &first) : 0;
	for (size_t i = n; i-- > 0;)
		if (a->m->edges[first + i].from_word == best->from_word &&
		    a->m->edges[first + i].to == best->to)
			f->undeclared = (uint32_t)(first + i);
}

/* Keeps the last release of what the finding consists of. */
static void keep_release(const struct analysis *a, struct finding *f,
			 uint32_t object)
{
	const struct model *m = a->m;
	uint32_t e = ledger_last_release(a->ledger, object);

	if (e != RKN_NONE &&
	    (f->orphaned == RKN_NONE ||
	     m->events[e].order > m->events[f->orphaned].order)) {
		f->orphaned = e;
		f->orphaned_object = object;
	}
}

static void explain(struct analysis *a, struct finding *f, int64_t *scratch)
{
	const struct model *m = a->m;
	const struct ledger *l = a->ledger;
	struct inside in = find_inside(a, f);
	unsigned tried = 0;
	bool named = false;

	for (size_t i = 0; i < in.count; i++) {
		size_t first, n = model_references_of(m, in.objects[i], &first);

		keep_release(a, f, in.objects[i]);
		for (size_t r = first; r < first + n; r++) {
			if (m->references[r].kind == RKN_REFERENCE_WEAK ||
			    !m->references[r].from ||
			    bsearch(&m->references[r].from, in.objects,
				    in.count, sizeof(m->references[r].from),
				    list_ascending_32) == NULL)
				continue;
			named = true;
			/* One from which named references do not lead back is
			 * half of a cycle at most, and right if the other half
			 * is not a reference. */
			if (l->component[m->references[r].from] !=
			    l->component[m->references[r].to])
				continue;
			if (f->reference == RKN_NONE ||
			    m->references[r].order >
				m->references[f->reference].order)
				f->reference = (uint32_t)r;
			if (tried++ < SIMULATED)
				try_reference(a, f, (uint32_t)r, scratch);
		}
	}
	free(in.objects);
	if (f->reference == RKN_NONE)
		find_undeclared(a, f);
	f->doubted |= named && f->undeclared != RKN_NONE;
}

void analysis_explain(struct analysis *a)
{
	int64_t *scratch = xcalloc(a->m->object_count + 1, sizeof(*scratch));

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].kind == FINDING_CYCLE)
			explain(a, &a->list[i], scratch);
	free(scratch);
}
