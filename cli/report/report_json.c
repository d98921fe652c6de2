/* SPDX-License-Identifier: MIT */
#include "report_json.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "callers_json.h"
#include "die.h"
#include "document.h"
#include "holder.h"
#include "json_text.h"
#include "member.h"
#include "names.h"
#include "report_held.h"
#include "stack_json.h"
#include "strays.h"
#include "verdict.h"
#include "wishes.h"
#include "wrong_holder.h"

#define MOST_MEMBERS 1000 /* of one finding, and pointers of one member */

struct writer {
	const struct model *m;
	struct symbols *symbols;
	struct names *names;
	struct member *members; /* of the finding at work, by place */
	size_t shown;
};

static json_t *sum(const struct verdict_sum *v)
{
	json_t *o = json_object();

	document_set(o, "findings", json_count(v->findings));
	document_set(o, "objects", json_count(v->objects));
	document_set(o, "bytes", json_count(v->bytes));
	document_set(o, "held_objects", json_count(v->held_objects));
	document_set(o, "held_bytes", json_count(v->held_bytes));
	return o;
}

static json_t *verdict(const struct verdict *v, const struct findings *f,
		       unsigned listed, const struct wishes *w)
{
	static const struct verdict_sum none;
	json_t *o = json_object(), *kinds = json_object();
	uint64_t bytes;

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		document_set(
		    kinds, finding_kind_name((enum finding_kind)kind),
		    sum(listed & 1u << kind ? &v->by_kind[kind] : &none));
	document_set(o, "findings", json_count(v->findings));
	document_set(o, "checked", json_boolean(f->checked));
	document_set(o, "complete", json_boolean(v->complete));
	document_set(o, "turned_off", json_boolean(w->off));
	document_set(o, "withheld", json_count(wishes_withheld(w, &bytes)));
	document_set(o, "by_kind", kinds);
	document_set(o, "unmapped_objects", json_count(f->gone_objects));
	document_set(o, "unmapped_bytes", json_count(f->gone_bytes));
	return o;
}

static json_t *stack(const struct writer *w, uint32_t number)
{
	return stack_json(w->m, w->symbols, number);
}

static int by_place(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

/* The member that `offset` of `block` belongs to; NULL: none that is shown. */
static const struct member *find_member(const struct writer *w, uint32_t block,
					uint64_t offset)
{
	const struct member *list = w->members;
	size_t after =
	    LOWER_BOUND(w->shown, i,
			list[i].block < block || (list[i].block == block &&
						  list[i].start <= offset));

	return after && member_has(&list[after - 1], block, offset)
		   ? &list[after - 1]
		   : NULL;
}

static json_t *edge(const struct model *m, const struct rkn_edge *e,
		    const struct member *from, const struct member *to)
{
	json_t *o = json_object();

	document_set(o, "to", json_text(to->name));
	document_set(o, "offset",
		     json_count(model_edge_from(m, e) - from->start));
	document_set(o, "to_offset",
		     json_count(model_edge_to(m, e) - to->start));
	document_set(o, "field", json_null());
	document_set(o, "kind", json_text("scanned"));
	return o;
}

static json_t *edges(const struct writer *w, const struct member *from)
{
	json_t *array = json_array();
	size_t first, n = model_edges_of(w->m, from->block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &w->m->edges[i];
		const struct member *to =
		    find_member(w, e->to, model_edge_to(w->m, e));

		if (to && json_array_size(array) < MOST_MEMBERS &&
		    member_has(from, e->from, model_edge_from(w->m, e)))
			document_append(array, edge(w->m, e, from, to));
	}
	return array;
}

static json_t *member(const struct writer *w, const struct member *m)
{
	json_t *o = json_object();

	document_set(o, "name", json_text(m->name));
	document_set(o, "type", json_text(m->type));
	document_set(o, "address", json_address(m->address));
	document_set(o, "bytes", json_count(m->bytes));
	document_set(o, "refcount",
		     m->object ? json_integer(w->m->objects[m->object].count)
			       : json_null());
	document_set(o, "edges", edges(w, m));
	return o;
}

static size_t shown_members(const struct finding *f)
{
	return f->member_count < MOST_MEMBERS ? f->member_count : MOST_MEMBERS;
}

static json_t *members(struct writer *w, const struct finding *f)
{
	json_t *array = json_array();
	struct member *shown;

	w->shown = shown_members(f);
	w->members = xcalloc(w->shown, sizeof(*w->members));
	for (uint32_t i = 0; i < w->shown; i++)
		w->members[i] = member_of(w->m, w->names, f, i);
	shown = xcalloc(w->shown, sizeof(*shown));
	if (w->shown)
		memcpy(shown, w->members, w->shown * sizeof(*shown));
	qsort(w->members, w->shown, sizeof(*w->members), by_place);
	for (size_t i = 0; i < w->shown; i++)
		document_append(array, member(w, &shown[i]));
	for (size_t i = 0; i < w->shown; i++)
		free(shown[i].name);
	free(shown);
	free(w->members);
	return array;
}

static void set_counts(json_t *o, const struct finding *f)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "count", f->count },
		{ "objects", f->objects },
		{ "bytes", f->bytes },
		{ "held_objects", f->held_objects },
		{ "held_bytes", f->held_bytes },
		{ "shared_objects", f->shared_objects },
		{ "held_cycles", f->held_cycles },
		{ "held_cycle_objects", f->held_cycle_objects },
		{ "smallest", f->least },
		{ "largest", f->most },
		{ "members_omitted", f->member_count - shown_members(f) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		document_set(o, rows[i].key, json_count(rows[i].value));
}

/* What holds the possible leak `f`. */
static json_t *holder(const struct writer *w, const struct finding *f)
{
	struct holder h;
	json_t *o;
	char *name;

	if (!holder_find(&h, f, w->m, w->symbols))
		return json_null();
	o = json_object();
	name = h.block == RKN_NONE ? NULL : names_object(w->names, h.block);
	document_set(o, "kind", json_text(h.kind));
	document_set(o, "to_offset", json_count(h.to_offset));
	document_set(o, "address",
		     h.address ? json_address(h.address) : json_null());
	document_set(o, "name", json_text(name));
	document_set(o, "offset", name ? json_count(h.offset) : json_null());
	document_set(o, "module", json_text(h.module));
	document_set(o, "symbol", json_text(*h.symbol ? h.symbol : NULL));
	document_set(o, "thread", h.tid ? json_count(h.tid) : json_null());
	free(name);
	return o;
}

static json_t *evidence(const struct finding *f)
{
	json_t *array = json_array();

	for (int i = 0; i < FINDING_EVIDENCES; i++)
		if (f->evidence & 1u << i)
			document_append(array,
					json_text(finding_evidence_names[i]));
	return array;
}

/* The call that an event or a reference of the ledger is. */
static json_t *call(const struct writer *w, uint32_t object, uint32_t holder,
		    uint32_t field, uint32_t number)
{
	json_t *o = json_object();
	char *name = object ? names_of(w->names, object) : NULL;
	char *by = holder ? names_of(w->names, holder) : NULL;

	document_set(o, "object", json_text(name));
	document_set(o, "holder", json_text(by));
	document_set(o, "field",
		     field ? json_text(model_name(w->m, field)) : json_null());
	document_set(o, "stack", stack(w, number));
	free(name);
	free(by);
	return o;
}

static json_t *reference(const struct writer *w, uint32_t i)
{
	const struct rkn_reference *r = &w->m->references[i];

	return i == RKN_NONE ? json_null()
			     : call(w, r->to, r->from, r->field, r->stack);
}

static json_t *orphaned(const struct writer *w, const struct finding *f)
{
	const struct rkn_event *e = &w->m->events[f->orphaned];
	json_t *o;

	if (f->orphaned == RKN_NONE)
		return json_null();
	o = call(w, f->orphaned_object, e->holder, e->field, e->stack);
	document_set(o, "count", json_integer(e->count));
	return o;
}

static json_t *hint(const struct writer *w, const struct finding *f)
{
	json_t *o;

	if (f->hint == RKN_NONE)
		return json_null();
	o = reference(w, f->hint);
	document_set(o, "frees_objects", json_count(f->hint_objects));
	document_set(o, "frees_bytes", json_count(f->hint_bytes));
	return o;
}

/* The pointer that may close the cycle. */
static json_t *undeclared(const struct writer *w, const struct finding *f)
{
	const struct rkn_edge *e = &w->m->edges[f->undeclared];
	char *from, *to;
	json_t *o;

	if (f->undeclared == RKN_NONE)
		return json_null();
	o = json_object();
	from = names_object(w->names, e->from);
	to = names_object(w->names, e->to);
	document_set(o, "object", json_text(from));
	document_set(o, "offset", json_count(model_edge_from(w->m, e)));
	document_set(o, "to", json_text(to));
	document_set(o, "to_offset", json_count(model_edge_to(w->m, e)));
	free(from);
	free(to);
	return o;
}

static json_t *balance(const struct writer *w, const struct finding *f)
{
	uint32_t objects[MOST_MEMBERS];
	size_t n = finding_counted(f, w->m, w->names, objects, MOST_MEMBERS);

	return callers_json(w->m, w->symbols, w->names, objects, n);
}

static json_t *wrong_use(const struct writer *w, const struct finding *f)
{
	const struct rkn_error *e = &w->m->errors[f->error];
	json_t *o;

	if (f->error == RKN_NONE)
		return json_null();
	o = json_object();
	document_set(o, "serial", json_count(e->serial));
	document_set(o, "address", json_address(e->address));
	document_set(o, "made", stack(w, e->made_stack));
	document_set(o, "freed",
		     e->ended_stack ? stack(w, e->ended_stack) : json_null());
	wrong_holder_json(o, w->m, w->symbols, w->names, e);
	return o;
}

/* What the ledger knows of a finding; null: nothing. */
static json_t *references(const struct writer *w, const struct finding *f)
{
	json_t *o;

	if (!(f->evidence & ~(unsigned)FINDING_BY_SCAN))
		return json_null();
	o = json_object();
	document_set(o, "count", json_count(f->references));
	document_set(o, "pointed_at", json_boolean(f->pointed_at));
	document_set(o, "closed_by",
		     f->kind == FINDING_CYCLE ? reference(w, f->reference)
					      : json_null());
	document_set(o, "leaked",
		     f->kind == FINDING_REFERENCE ? reference(w, f->reference)
						  : json_null());
	document_set(o, "orphaned_by", orphaned(w, f));
	document_set(o, "undeclared", undeclared(w, f));
	document_set(o, "break_hint", hint(w, f));
	document_set(o, "balance", balance(w, f));
	document_set(o, "wrong_use", wrong_use(w, f));
	return o;
}

static json_t *finding(struct writer *w, const struct finding *f)
{
	json_t *o = json_object();

	document_set(o, "kind", json_text(finding_kind_name(f->kind)));
	document_set(o, "confidence", json_text(finding_confidence(f, w->m)));
	document_set(o, "evidence", evidence(f));
	document_set(o, "signature", json_text(f->signature));
	set_counts(o, f);
	document_set(o, "type", json_text(finding_type(f, w->m, w->names)));
	document_set(o, "stack", stack(w, f->stack));
	document_set(o, "members", members(w, f));
	document_set(o, "held_by", holder(w, f));
	document_set(o, "ended_holders",
		     ended_holders_json(w->m, w->symbols, w->names, f));
	document_set(o, "references", references(w, f));
	return o;
}

static void announce(const struct writer *w, const struct finding *f)
{
	names_announce(w->names, f->members, shown_members(f));
	if (f->held_by_edge != RKN_NONE)
		names_announce(w->names, &w->m->edges[f->held_by_edge].from, 1);
	if (f->undeclared != RKN_NONE) {
		names_announce(w->names, &w->m->edges[f->undeclared].from, 1);
		names_announce(w->names, &w->m->edges[f->undeclared].to, 1);
	}
}

static json_t *findings(struct writer *w, const struct findings *f,
			const struct report_options *o)
{
	json_t *array = json_array();
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], n)) {
			announce(w, &f->list[i]);
			n++;
		}
	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], json_array_size(array)))
			document_append(array, finding(w, &f->list[i]));
	return array;
}

static json_t *wrong_free(const struct writer *w, const struct rkn_free *f)
{
	json_t *o = json_object();
	char *summary = stray_summary(f, w->m, w->symbols);

	document_set(o, "kind", json_text(stray_kind_name(f->kind)));
	document_set(o, "call",
		     json_text(f->flags & RKN_FREE_MOVES ? "realloc" : "free"));
	document_set(o, "count", json_count(f->count));
	document_set(o, "fatal", json_boolean(f->flags & RKN_FREE_FATAL));
	document_set(o, "text", json_text(summary));
	document_set(o, "address", json_address(f->address));
	document_set(o, "offset", json_count(f->offset));
	document_set(o, "bytes",
		     f->made_stack ? json_count(f->size) : json_null());
	document_set(o, "stack", stack(w, f->stack));
	document_set(o, "allocated",
		     f->made_stack ? stack(w, f->made_stack) : json_null());
	document_set(o, "freed",
		     f->freed_stack ? stack(w, f->freed_stack) : json_null());
	free(summary);
	return o;
}

static json_t *wrong_frees(const struct writer *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < w->m->free_count; i++)
		if (stray_is_told(&w->m->frees[i], w->m))
			document_append(array, wrong_free(w, &w->m->frees[i]));
	return array;
}

json_t *report_json(const struct model *m, struct symbols *s,
		    const struct report_options *o)
{
	struct writer w = { .m = m, .symbols = s, .names = names_open(m, s) };
	struct wishes wishes;
	struct findings f;
	struct groups types;
	struct verdict v;
	json_t *document, *list;

	wishes_open(&wishes, m);
	findings_make(&f, m, s);
	wishes_withhold(&wishes, &f, m, w.names, s);
	verdict_make(&v, &f, m, o->kinds);
	findings_sign(&f, m, w.names, s);
	list = findings(&w, &f, o);
	groups_make(&types, m, s, w.names, GROUP_BY_TYPE, GROUP_ALL,
		    GROUP_EVERYTHING);
	groups_sort(&types, GROUP_SORT_BYTES);
	document = document_new(m, s, &f); /* knows missing symbols by now */
	document_set(document, "verdict",
		     verdict(&v, &f, o->kinds | o->listed, &wishes));
	document_set(document, "findings", list);
	document_set(document, "wrong_frees", wrong_frees(&w));
	document_set(document, "pooled", pooled_json(m, s, w.names, &f));
	document_add_types(document, &types, 0);
	groups_release(&types);
	findings_release(&f);
	wishes_release(&wishes);
	names_close(w.names);
	return document;
}
