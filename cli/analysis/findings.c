/* SPDX-License-Identifier: MIT */
/*
 * From a recording to its sorted findings. The steps are in findings_*.c;
 * this file owns their memory: 22 bytes a block besides the model, so that a
 * report on a big heap needs no bigger machine than the program did.
 */
#include "findings.h"

#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "list.h"
#include "obstacle.h"
#include "progress.h"

#define ROW(kind, name, title, noun, plural, confidence, doubted)              \
	{ name, title, noun, plural, confidence, doubted },
const struct finding_kind_row finding_kinds[FINDING_KINDS] = {
	FINDING_KIND_ROWS(ROW)
};

/* Where pointers may be that were not looked at, or blocks' ends. */
static const enum rkn_limit_number unseen[] = {
	RKN_LIMIT_UNALIGNED,  RKN_LIMIT_THREAD_RUNNING,   RKN_LIMIT_SHARED_MAP,
	RKN_LIMIT_UNREADABLE, RKN_LIMIT_OPERATORS,        RKN_LIMIT_BYPASS,
	RKN_LIMIT_FREE_CHUNK, RKN_LIMIT_UNREAD_REGISTERS,
};

const char *const finding_evidence_names[FINDING_EVIDENCES] = {
	"scan", "declared", "counts", "ledger"
};

bool finding_retains(const struct finding *f, uint64_t *objects,
		     uint64_t *bytes)
{
	*objects = f->objects + f->held_objects - f->shared_objects;
	*bytes = f->bytes + f->held_bytes - f->shared_bytes;
	return f->kind == FINDING_CYCLE || f->kind == FINDING_REFERENCE ||
	       f->kind == FINDING_LEAK || f->kind == FINDING_POSSIBLE;
}

uint32_t finding_object(const struct finding *f, const struct names *n,
			size_t i)
{
	return f->member_objects ? f->member_objects[i]
				 : names_object_at(n, f->members[i]);
}

static bool has_unnamed(const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);

	if (m->objects[object].flags & RKN_OBJECT_MAKER)
		return true;
	for (size_t i = first; i < first + n; i++)
		if (m->references[i].kind == RKN_REFERENCE &&
		    !m->references[i].holder)
			return true;
	return false;
}

size_t finding_counted(const struct finding *f, const struct reading *in,
		       uint32_t *objects, size_t most)
{
	bool cycle = f->kind == FINDING_CYCLE;
	size_t count = 0, from = cycle ? f->member_count : f->count;

	if (cycle ? !f->references && f->undeclared == RKN_NONE
		  : f->kind != FINDING_REFERENCE && f->kind != FINDING_OVER)
		return 0;
	if (!cycle && f->member_objects)
		from = f->member_count;
	for (size_t i = 0; i < from && count < most; i++) {
		uint32_t o = cycle || f->member_objects
				 ? finding_object(f, in->names, i)
				 : names_object_at(in->names, f->instances[i]);

		if (o && (!cycle || has_unnamed(in->m, o)))
			objects[count++] = o;
	}
	return count;
}

const char *finding_type(const struct finding *f, const struct reading *in)
{
	uint32_t object = f->member_count ? finding_object(f, in->names, 0) : 0;

	if (object)
		return names_type_called(in->names,
					 in->m->objects[object].type);
	if (f->member_count)
		return names_block_type(in->names, f->members[0]);
	return names_type_called(in->names, in->m->errors[f->error].type);
}

const char *finding_confidence(const struct finding *f, const struct model *m)
{
	if (f->doubted)
		return finding_kinds[f->kind].doubted;
	for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
		if (m->limits[unseen[i]])
			return finding_kinds[f->kind].doubted;
	return finding_kinds[f->kind].confidence;
}

static void analysis_init(struct analysis *a, const struct reading *in)
{
	const struct model *m = in->m;
	size_t n = m->block_count;
	uint32_t count = 0, e = 0, i = 0;
	const struct backing *b;

	*a = (struct analysis){ .m = m,
				.symbols = in->symbols,
				.counts = in->counts };
	a->first = xcalloc(n + 1, sizeof(*a->first));
	graph_index(a->first, n, m->edges, m->edge_count);
	if (in->symbols)
		stack_classes_open(&a->alike, m, in->symbols);
	a->mark = xcalloc(n + 1, 1);
	a->component = xcalloc(n + 1, sizeof(*a->component));
	a->owner = xcalloc(n + 1, sizeof(*a->owner));
	a->memory =
	    xcalloc(graph_components_memory((uint32_t)n), sizeof(*a->memory));
	a->g = (struct graph){ .nodes = (uint32_t)n,
			       .first = a->first,
			       .edges = m->edges };
	a->ledger = ledger_open(m);
	if (!a->ledger)
		return;
	/* The pointers, and what the program declared beside them. */
	declared_make(&a->declared, m);
	b = &a->ledger->backing;
	a->edges =
	    xcalloc((size_t)a->first[n] + b->edge_count + 1, sizeof(*a->edges));
	for (uint32_t from = 0; from < n; from++) {
		a->first[from] = count;
		for (; e < m->edge_count && m->edges[e].from == from; e++)
			a->edges[count++] = m->edges[e];
		for (; i < b->edge_count && b->edges[i].from == from; i++)
			a->edges[count++] = b->edges[i];
	}
	a->first[n] = count;
	a->g.edges = a->edges;
}

/* Wrong use has no block: it comes by its own order. */
static uint64_t birth_of(const struct finding *f, const struct model *m)
{
	if (f->instances)
		return m->blocks[f->instances[0]].birth;
	return f->error < m->error_count ? m->errors[f->error].order : 0;
}

static int compare(const void *x, const void *y, void *data)
{
	const struct analysis *analysis = data;
	const struct finding *a = &analysis->list[*(const uint32_t *)x];
	const struct finding *b = &analysis->list[*(const uint32_t *)y];

	return ORDER(a->kind, b->kind) ?:
	       ORDER(b->bytes + b->held_bytes, a->bytes + a->held_bytes) ?:
	       ORDER(a->stack, b->stack) ?:
	       ORDER(birth_of(a, analysis->m), birth_of(b, analysis->m));
}

/* Puts the list in order, and renumbers the owners. */
static void sort(struct analysis *a)
{
	uint32_t *order = xcalloc(a->count + 1, sizeof(*order));
	uint32_t *place = xcalloc(a->count + 1, sizeof(*place));
	struct finding *list = xcalloc(a->count + 1, sizeof(*list));

	for (uint32_t i = 0; i < a->count; i++)
		order[i] = i;
	qsort_r(order, a->count, sizeof(*order), compare, a);
	for (uint32_t i = 0; i < a->count; i++) {
		list[i] = a->list[order[i]];
		place[order[i]] = i;
	}
	for (size_t b = 0; a->count && b < a->m->block_count; b++)
		if (a->owner[b])
			a->owner[b] = place[a->owner[b] - 1] + 1;
	free(order);
	free(place);
	free(a->list);
	a->list = list;
}

void findings_make(struct findings *f, const struct reading *in)
{
	const struct model *m = in->m;
	struct analysis a;

	*f = (struct findings){ 0 };
	f->why = obstacle_find(m, f->text, sizeof(f->text));
	f->checked = !f->why;
	if (!f->checked) {
		f->owner = xcalloc(m->block_count + 1, sizeof(*f->owner));
		return;
	}
	progress_begin("looking for what is lost", NULL, 0);
	analysis_init(&a, in);
	analysis_reach(&a);
	for (uint32_t b = 0; m->gone_count && b < a.g.nodes; b++)
		if (a.mark[b] == GONE) {
			f->gone_objects++;
			f->gone_bytes += m->blocks[b].size;
		}
	analysis_drop_weak(&a);
	if (a.ledger) {
		a.is_member = xcalloc(m->block_count + 1, 1);
		a.taken = xcalloc(m->object_count, 1);
		analysis_orphans(&a);
		analysis_own(&a);
		analysis_drop_borrowed(&a);
	}
	analysis_claim(&a, LOST);
	analysis_claim(&a, DOUBTFUL);
	if (a.ledger) {
		analysis_orphans_hold(&a);
		analysis_count_references(&a);
	}
	analysis_ledger(&a);
	if (a.ledger)
		analysis_explain(&a);
	stack_classes_close(&a.alike);
	ledger_close(a.ledger);
	declared_release(&a.declared);
	free(a.holds);
	free(a.strange);
	free(a.makers);
	free(a.is_member);
	free(a.taken);
	free(a.edges);
	free(a.memory);
	free(a.component);
	free(a.mark);
	free(a.first);
	sort(&a);
	analysis_holders(&a);
	analysis_ended(&a);
	f->list = a.list;
	f->count = a.count;
	f->owner = a.owner;
	progress_end();
}

void findings_release(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->list[i].members);
		free(f->list[i].member_objects);
		free(f->list[i].instances);
	}
	free(f->list);
	free(f->owner);
	*f = (struct findings){ 0 };
}
