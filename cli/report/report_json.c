/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "die.h"
#include "document.h"
#include "fields.h"
#include "json_text.h"
#include "json_writer.h"
#include "list.h"
#include "lost_mappings.h"
#include "member.h"
#include "report_print.h"
#include "strays.h"
#include "subject.h"
#include "verdict.h"
#include "wishes.h"

#define MOST_MEMBERS 1000 /* of one finding, and pointers of one member */

struct writer {
	const struct reading *in;
	struct member *members; /* of the finding at work, by place */
	size_t shown;
};

static json_t *verdict(const struct verdict *v, const struct findings *f,
		       unsigned listed, const struct wishes *w)
{
	static const struct verdict_sum none;
	json_t *o = json_object(), *kinds = json_object();
	uint64_t bytes;

	for (int kind = 0; kind < FINDING_KINDS; kind++) {
		const struct verdict_sum *sum =
		    listed & 1u << kind ? &v->by_kind[kind] : &none;
		json_t *of = json_object();

		document_count(of, "findings", sum->findings);
		document_count(of, "objects", sum->objects);
		document_count(of, "bytes", sum->bytes);
		document_count(of, "held_objects", sum->held_objects);
		document_count(of, "held_bytes", sum->held_bytes);
		document_set(kinds, finding_kinds[kind].name, of);
	}
	document_count(o, "findings", v->findings);
	document_flag(o, "checked", f->checked);
	document_flag(o, "complete", v->complete);
	document_flag(o, "turned_off", w->off);
	document_count(o, "withheld", wishes_withheld(w, &bytes));
	document_set(o, "by_kind", kinds);
	document_count(o, "unmapped_objects", f->gone_objects);
	document_count(o, "unmapped_bytes", f->gone_bytes);
	return o;
}

static json_t *stack(const struct writer *w, uint32_t number)
{
	return document_stack(w->in, number);
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

/* How the C type of a block is known; NULL: it is not. */
static const char *block_evidence(const struct reading *in, uint32_t block)
{
	return type_evidence_names[block_types_of(in->types, block).evidence];
}

static json_t *member(const struct writer *w, const struct member *from)
{
	const struct model *m = w->in->m;
	json_t *o = json_object(), *edges = json_array();
	size_t first, n = model_edges_of(m, from->block, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &m->edges[i];
		const struct member *to =
		    find_member(w, e->to, model_edge_to(m, e));
		json_t *edge;

		if (!to || json_array_size(edges) >= MOST_MEMBERS ||
		    !member_has(from, e->from, model_edge_from(m, e)))
			continue;
		edge = json_object();
		document_text(edge, "to", to->name);
		document_count(edge, "offset",
			       model_edge_from(m, e) - from->start);
		document_count(edge, "to_offset",
			       model_edge_to(m, e) - to->start);
		document_take(edge, "field",
			      field_of_block(w->in->types, e->from,
					     model_edge_from(m, e)));
		document_take(edge, "to_field",
			      field_of_target(w->in->types, m, e));
		document_text(edge, "kind", document_hold(w->in, e));
		document_append(edges, edge);
	}
	document_text(o, "name", from->name);
	document_text(o, "type", from->type);
	document_text(o, "type_evidence",
		      from->object ? NULL : block_evidence(w->in, from->block));
	document_set(o, "address", json_address(from->address));
	document_count(o, "bytes", from->bytes);
	document_set(o, "refcount",
		     from->object ? json_integer(m->objects[from->object].count)
				  : json_null());
	document_set(o, "counts",
		     from->object ? json_null()
				  : document_counts(w->in, from->block));
	document_set(o, "edges", edges);
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
		w->members[i] = member_of(w->in, f, i);
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

/* The call that an event or a reference of the ledger is. */
static json_t *call(const struct writer *w, uint32_t object, uint32_t holder,
		    uint32_t field, uint32_t number)
{
	json_t *o = json_object();

	document_take(o, "object",
		      object ? names_of(w->in->names, object) : NULL);
	document_take(o, "holder",
		      holder ? names_of(w->in->names, holder) : NULL);
	document_field(o, w->in->m, field);
	document_set(o, "stack", stack(w, number));
	return o;
}

static json_t *reference(const struct writer *w, uint32_t i)
{
	const struct rkn_reference *r = &w->in->m->references[i];

	return i == RKN_NONE ? json_null()
			     : call(w, r->to, r->from, r->field, r->stack);
}

static json_t *orphaned(const struct writer *w, const struct finding *f)
{
	const struct rkn_event *e = &w->in->m->events[f->orphaned];
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
	document_count(o, "frees_objects", f->hint_objects);
	document_count(o, "frees_bytes", f->hint_bytes);
	return o;
}

/* The pointer that may close the cycle. */
static json_t *undeclared(const struct writer *w, const struct finding *f)
{
	const struct rkn_edge *e = &w->in->m->edges[f->undeclared];
	json_t *o;

	if (f->undeclared == RKN_NONE)
		return json_null();
	o = json_object();
	document_take(o, "object", names_object(w->in->names, e->from));
	document_take(o, "to", names_object(w->in->names, e->to));
	document_edge(o, w->in, e);
	return o;
}

static json_t *wrong_use(const struct writer *w, const struct finding *f)
{
	const struct rkn_error *e = &w->in->m->errors[f->error];
	json_t *o;

	if (f->error == RKN_NONE)
		return json_null();
	o = json_object();
	document_count(o, "serial", e->serial);
	document_set(o, "address", json_address(e->address));
	document_set(o, "made", stack(w, e->made_stack));
	document_set(o, "freed",
		     e->ended_stack ? stack(w, e->ended_stack) : json_null());
	wrong_holder_json(o, w->in, e);
	return o;
}

/* What the ledger knows of a finding; null: nothing. */
static json_t *references(const struct writer *w, const struct finding *f)
{
	uint32_t objects[MOST_MEMBERS];
	json_t *o;
	size_t n;

	if (!(f->evidence & ~(unsigned)FINDING_BY_SCAN))
		return json_null();
	n = finding_counted(f, w->in, objects, MOST_MEMBERS);
	o = json_object();
	document_count(o, "count", f->references);
	document_flag(o, "pointed_at", f->pointed_at);
	document_set(o, "closed_by",
		     f->kind == FINDING_CYCLE ? reference(w, f->reference)
					      : json_null());
	document_set(o, "leaked",
		     f->kind == FINDING_REFERENCE ? reference(w, f->reference)
						  : json_null());
	document_set(o, "orphaned_by", orphaned(w, f));
	document_set(o, "undeclared", undeclared(w, f));
	document_set(o, "break_hint", hint(w, f));
	document_set(o, "balance", document_callers(w->in, objects, n));
	document_set(o, "wrong_use", wrong_use(w, f));
	return o;
}

static json_t *finding(struct writer *w, const struct finding *f, size_t number)
{
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{ "count", f->count },
		{ "objects", f->objects },
		{ "bytes", f->bytes },
		{ "held_objects", f->held_objects },
		{ "held_bytes", f->held_bytes },
		{ "shared_objects", f->shared_objects },
		{ "shared_bytes", f->shared_bytes },
		{ "held_cycles", f->held_cycles },
		{ "held_cycle_objects", f->held_cycle_objects },
		{ "smallest", f->least },
		{ "largest", f->most },
		{ "members_omitted", f->member_count - shown_members(f) },
	};
	json_t *o = json_object(), *evidence = json_array();
	uint64_t objects, bytes;
	struct holder h;
	bool retains;

	for (int i = 0; i < FINDING_EVIDENCES; i++)
		if (f->evidence & 1u << i)
			document_append(evidence,
					json_text(finding_evidence_names[i]));
	document_count(o, "number", number);
	document_text(o, "kind", finding_kinds[f->kind].name);
	document_text(o, "confidence", finding_confidence(f, w->in->m));
	document_set(o, "evidence", evidence);
	document_text(o, "signature", f->signature);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		document_count(o, counts[i].key, counts[i].value);
	retains = finding_retains(f, &objects, &bytes);
	document_known(o, "retained_objects", retains, objects);
	document_known(o, "retained_bytes", retains, bytes);
	document_text(o, "type", finding_type(f, w->in));
	document_set(o, "stack", stack(w, f->stack));
	document_set(o, "members", members(w, f));
	document_set(o, "held_by",
		     holder_find(&h, f, w->in) ? document_holder(&h, w->in)
					       : json_null());
	document_set(o, "ended_holders", ended_holders_json(w->in, f));
	document_set(o, "references", references(w, f));
	return o;
}

json_t *report_finding_json(const struct reading *in, const struct finding *f,
			    size_t number)
{
	struct writer w = { .in = in };

	report_announce(in, f, MOST_MEMBERS);
	return finding(&w, f, number);
}

/* A text, see DOCUMENT_FINDINGS: of many findings, one tree at a time. */
static json_t *findings(struct writer *w, const struct findings *f,
			const struct report_options *o)
{
	struct json_values values = { 0 };
	json_t *text;
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], n)) {
			report_announce(w->in, &f->list[i], MOST_MEMBERS);
			n++;
		}
	n = 0;
	for (size_t i = 0; i < f->count; i++)
		if (report_wants(o, &f->list[i], n)) {
			json_values_add(
			    &values, finding(w, &f->list[i], subject_number(i)),
			    DOCUMENT_INDENT);
			n++;
		}
	json_values_end(&values);
	text =
	    json_stringn_nocheck(values.text ? values.text : "", values.size);
	free(values.text);
	return text;
}

static json_t *wrong_frees(const struct writer *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < w->in->m->free_count; i++) {
		const struct rkn_free *f = &w->in->m->frees[i];
		json_t *o;

		if (!stray_is_told(f, w->in->m))
			continue;
		o = json_object();
		document_text(o, "kind", stray_kind_name(f->kind));
		document_text(o, "call",
			      f->flags & RKN_FREE_MOVES ? "realloc" : "free");
		document_count(o, "count", f->count);
		document_flag(o, "fatal", f->flags & RKN_FREE_FATAL);
		document_take(o, "text", stray_summary(f, w->in));
		document_set(o, "address", json_address(f->address));
		document_count(o, "offset", f->offset);
		document_known(o, "bytes", f->made_stack, f->size);
		document_set(o, "stack", stack(w, f->stack));
		document_set(o, "allocated",
			     f->made_stack ? stack(w, f->made_stack)
					   : json_null());
		document_set(o, "freed",
			     f->freed_stack ? stack(w, f->freed_stack)
					    : json_null());
		document_append(array, o);
	}
	return array;
}

json_t *report_json(const struct reading *in, const struct report_options *o)
{
	const struct model *m = in->m;
	struct writer w = { .in = in };
	struct wishes wishes;
	struct findings f;
	struct groups types;
	struct verdict v;
	json_t *document, *list;

	wishes_findings(&wishes, &f, in);
	verdict_make(&v, &f, m, o->kinds);
	findings_sign(&f, in);
	list = findings(&w, &f, o);
	groups_make(&types, in, GROUP_BY_TYPE, GROUP_ALL, GROUP_EVERYTHING);
	groups_sort(&types, GROUP_SORT_BYTES);
	document = document_new(in, &f); /* knows missing symbols by now */
	document_set(document, "verdict",
		     verdict(&v, &f, o->kinds | o->listed, &wishes));
	document_set(document, "checked", checked_json(in, &f, &v));
	document_set(document, DOCUMENT_FINDINGS, list);
	document_set(document, "wrong_frees", wrong_frees(&w));
	document_set(document, "pooled", pooled_json(in, &f));
	document_set(document, "lost_mappings", lost_mappings_json(in));
	document_add_types(document, &types, 0, false);
	groups_release(&types);
	findings_release(&f);
	wishes_release(&wishes);
	return document;
}
