/* SPDX-License-Identifier: MIT */
/* What happened to a cycle: what closed it, what orphaned it, and how to break
 * it. */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"

#define SIMULATED 64 /* references of one cycle that are tried */

struct inside {
	const struct model *m;
	uint32_t *objects; /* of the members, ascending */
	size_t count;
};

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_inside(const struct inside *in, uint32_t object)
{
	return bsearch(&object, in->objects, in->count, sizeof(object),
		       ascending) != NULL;
}

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
	const struct contents *c = &a->ledger->contents;
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
		qsort(in.objects, n, sizeof(*in.objects), ascending);
	return in;
}

static void explain(struct analysis *a, struct finding *f, int64_t *scratch)
{
	const struct model *m = a->m;
	struct inside in = find_inside(a, f);
	unsigned tried = 0;

	for (size_t i = 0; i < in.count; i++) {
		size_t first, n = model_references_of(m, in.objects[i], &first);
		uint32_t e = ledger_last_release(a->ledger, in.objects[i]);

		if (e != RKN_NONE &&
		    (f->orphaned == RKN_NONE ||
		     m->events[e].order > m->events[f->orphaned].order)) {
			f->orphaned = e;
			f->orphaned_object = in.objects[i];
		}
		for (size_t r = first; r < first + n; r++) {
			if (m->references[r].kind == RKN_REFERENCE_WEAK ||
			    !m->references[r].from ||
			    !is_inside(&in, m->references[r].from))
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
}

void analysis_explain(struct analysis *a)
{
	int64_t *scratch = xcalloc(a->m->object_count + 1, sizeof(*scratch));

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].kind == FINDING_CYCLE)
			explain(a, &a->list[i], scratch);
	free(scratch);
}
