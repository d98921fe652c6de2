/* SPDX-License-Identifier: MIT */
#include "object_card.h"

#include "document.h"
#include "json_text.h"
#include "object_history.h"

struct writer {
	const struct reading *in;
	const struct block_view *p;
};

static json_t *history(const struct writer *w)
{
	json_t *array = json_array();
	struct object_history h;

	object_history_make(&h, w->in->m, w->p->object, true);
	for (size_t i = 0; i < h.count; i++) {
		const struct rkn_event *e = &w->in->m->events[h.rows[i].event];
		json_t *o = json_object();

		document_text(o, "event", object_event_names[e->kind]);
		document_set(o, "count", json_integer(e->count));
		document_take(o, "holder",
			      e->holder ? names_of(w->in->names, e->holder)
					: NULL);
		document_field(o, w->in->m, e->field);
		document_count(o, "thread", w->in->m->threads[e->thread].tid);
		document_set(o, "stack", document_stack(w->in, e->stack));
		document_append(array, o);
	}
	object_history_release(&h);
	return array;
}

/* Appends an edge that the program declared, seen from the other end. */
static void append_declared(const struct writer *w, json_t *array,
			    const struct rkn_reference *r, uint32_t other)
{
	json_t *o = json_object();

	document_take(o, "object",
		      other ? names_of(w->in->names, other) : NULL);
	document_set(
	    o, "address",
	    json_address(other ? w->in->m->objects[other].address : r->holder));
	document_field(o, w->in->m, r->field);
	document_text(o, "kind", object_edge_names[r->kind]);
	document_append(array, o);
}

/* Appends a pointer from or to `block`. */
static void append_pointer(const struct writer *w, json_t *array,
			   uint32_t block, const struct rkn_edge *e)
{
	json_t *o = json_object();

	document_take(o, "object", names_object(w->in->names, block));
	document_edge(o, w->in, e);
	document_text(o, "kind", document_hold(w->in, e));
	document_append(array, o);
}

static json_t *root(const struct writer *w, uint32_t i)
{
	struct holder h;

	holder_of_root(&h, i, w->in);
	return document_holder(&h, NULL);
}

static void set_pointers(const struct writer *w, json_t *o)
{
	const struct block_view *p = w->p;
	const struct rkn_edge *edges = w->in->m->edges;
	json_t *in = json_array(), *out = json_array(), *roots = json_array();
	json_t *path = json_array();
	size_t first, n = model_edges_of(w->in->m, p->block, &first);

	for (size_t i = 0; i < p->in_count; i++)
		names_announce(w->in->names, &edges[p->in[i]].from, 1);
	for (size_t i = first; i < first + n; i++)
		names_announce(w->in->names, &edges[i].to, 1);
	for (size_t i = 0; i < p->path_count; i++)
		names_announce(w->in->names, &edges[p->path[i]].from, 1);
	for (size_t i = 0; i < p->root_count; i++)
		document_append(roots, root(w, p->roots[i]));
	for (size_t i = 0; i < p->in_count; i++)
		append_pointer(w, in, edges[p->in[i]].from, &edges[p->in[i]]);
	for (size_t i = first; i < first + n; i++)
		append_pointer(w, out, edges[i].to, &edges[i]);
	for (size_t i = 0; i < p->path_count; i++)
		append_pointer(w, path, edges[p->path[i]].from,
			       &edges[p->path[i]]);
	document_set(o, "roots", roots);
	document_set(o, "pointers_in", in);
	document_set(o, "pointers_out", out);
	document_set(o, "path_root",
		     p->reached ? root(w, p->root) : json_null());
	document_set(o, "path", path);
}

static void set_object(const struct writer *w, json_t *o)
{
	const struct model *m = w->in->m;
	uint32_t number = w->p->object;
	const struct rkn_object *object = &m->objects[number];
	json_t *referrers = json_array(), *referents = json_array();
	size_t first, n = model_references_of(m, number, &first);

	for (size_t i = first; i < first + n; i++)
		if (m->references[i].holder)
			append_declared(w, referrers, &m->references[i],
					m->references[i].from);
	for (size_t i = 0; i < m->reference_count; i++)
		if (m->references[i].from == number)
			append_declared(w, referents, &m->references[i],
					m->references[i].to);
	document_set(o, "refcount", json_integer(object->count));
	document_set(o, "refcount_told", json_integer(object->told));
	document_flag(o, "refcount_read", object->flags & RKN_OBJECT_COUNTED);
	document_count(o, "generation", object->generation);
	document_set(o, "outstanding", document_outstanding(w->in, &number, 1));
	document_count(o, "events_lost",
		       object->event_count > object->events
			   ? object->event_count - object->events
			   : 0);
	document_set(o, "history", history(w));
	document_set(o, "referrers", referrers);
	document_set(o, "referents", referents);
}

/* The C type of a block, as far as it is known. */
static void set_type(const struct writer *w, json_t *o)
{
	const struct block_type t = block_types_of(w->in->types, w->p->block);
	const struct site *site =
	    block_types_site(w->in->types, w->in->m->blocks[w->p->block].stack);

	document_take(
	    o, "c_type",
	    block_type_of_size(&t, w->in->m->blocks[w->p->block].size));
	document_text(o, "type_evidence", type_evidence_names[t.evidence]);
	document_text(o, "type_by", t.evidence == TYPE_SITE ? site->by : NULL);
	document_set(o, "counts", document_counts(w->in, w->p->block));
}

static json_t *retained_types(const struct block_view *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->type_count; i++) {
		json_t *o = json_object();

		document_text(o, "type", p->types[i].type);
		document_count(o, "objects", p->types[i].objects);
		document_count(o, "bytes", p->types[i].bytes);
		document_append(array, o);
	}
	return array;
}

json_t *object_json(const struct reading *in, const struct block_view *p)
{
	const struct model *m = in->m;
	const struct writer w = { in, p };
	const struct rkn_block *b = &m->blocks[p->block];
	const struct rkn_object *object = &m->objects[p->object];
	json_t *document, *o = json_object();

	if (p->block != RKN_NONE) {
		const uint32_t counted = counts_object(in->counts, p->block);

		names_announce(in->names, &p->block, 1);
		if (counted != RKN_NONE)
			names_announce(in->names, &counted, 1);
	}
	if (p->dominator != RKN_NONE)
		names_announce(in->names, &p->dominator, 1);
	document_take(o, "name",
		      p->object ? names_of(in->names, p->object)
				: names_object(in->names, p->block));
	if (p->block != RKN_NONE && !p->object)
		set_type(&w, o);
	document_set(o, "address",
		     json_address(p->object ? object->address : b->address));
	document_set(o, "bytes",
		     p->block == RKN_NONE ? json_null() : json_count(b->size));
	document_set(o, "stack",
		     document_stack(in, p->object ? object->stack : b->stack));
	if (p->object)
		set_object(&w, o);
	if (p->block != RKN_NONE) {
		document_count(o, "words", p->words);
		document_known(o, "retained_objects", !p->why,
			       p->retained_objects);
		document_known(o, "retained_bytes", !p->why, p->retained_bytes);
		document_set(o, "retained_types", retained_types(p));
		document_take(o, "retained_by",
			      p->dominator == RKN_NONE
				  ? NULL
				  : names_object(in->names, p->dominator));
		set_pointers(&w, o);
	}
	document = document_new(in, NULL); /* knows missing symbols by now */
	document_set(document, "object", o);
	return document;
}
