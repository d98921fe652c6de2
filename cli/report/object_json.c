/* SPDX-License-Identifier: MIT */
#include "object_json.h"

#include <stdlib.h>

#include "document.h"
#include "holder.h"
#include "json_text.h"
#include "object_history.h"
#include "outstanding_json.h"
#include "stack_json.h"

struct writer {
	const struct model *m;
	struct symbols *symbols;
	struct names *names;
	const struct block_view *p;
};

static json_t *name_of(const struct writer *w, uint32_t object)
{
	char *name = object ? names_of(w->names, object) : NULL;
	json_t *o = json_text(name);

	free(name);
	return o;
}

static json_t *field_of(const struct writer *w, uint32_t field)
{
	return field ? json_text(model_name(w->m, field)) : json_null();
}

static json_t *event(const struct writer *w, uint32_t i)
{
	const struct rkn_event *e = &w->m->events[i];
	json_t *o = json_object();

	document_set(o, "event", json_text(object_event_names[e->kind]));
	document_set(o, "count", json_integer(e->count));
	document_set(o, "holder", name_of(w, e->holder));
	document_set(o, "field", field_of(w, e->field));
	document_set(o, "thread", json_count(w->m->threads[e->thread].tid));
	document_set(o, "stack", stack_json(w->m, w->symbols, e->stack));
	return o;
}

static json_t *history(const struct writer *w)
{
	json_t *array = json_array();
	struct object_history e;

	object_history_make(&e, w->m, w->p->object, true);
	for (size_t i = 0; i < e.count; i++)
		document_append(array, event(w, e.rows[i].event));
	object_history_release(&e);
	return array;
}

/* An edge that the program declared, seen from the other end. */
static json_t *declared(const struct writer *w, const struct rkn_reference *r,
			uint32_t other)
{
	static const char *const kinds[] = { "reference", "link", "weak" };
	json_t *o = json_object();

	document_set(o, "object", name_of(w, other));
	document_set(o, "address",
		     other ? json_address(w->m->objects[other].address)
			   : json_address(r->holder));
	document_set(o, "field", field_of(w, r->field));
	document_set(o, "kind", json_text(kinds[r->kind]));
	return o;
}

static json_t *referrers(const struct writer *w)
{
	size_t first, n = model_references_of(w->m, w->p->object, &first);
	json_t *array = json_array();

	for (size_t i = first; i < first + n; i++)
		if (w->m->references[i].holder)
			document_append(array,
					declared(w, &w->m->references[i],
						 w->m->references[i].from));
	return array;
}

static json_t *referents(const struct writer *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < w->m->reference_count; i++)
		if (w->m->references[i].from == w->p->object)
			document_append(array,
					declared(w, &w->m->references[i],
						 w->m->references[i].to));
	return array;
}

static json_t *pointer(const struct writer *w, uint32_t block,
		       const struct rkn_edge *e)
{
	json_t *o = json_object();
	char *name = names_object(w->names, block);

	document_set(o, "object", json_text(name));
	document_set(o, "offset", json_count(model_edge_from(w->m, e)));
	document_set(o, "to_offset", json_count(model_edge_to(w->m, e)));
	free(name);
	return o;
}

static json_t *root(const struct writer *w, uint32_t i)
{
	struct holder h;
	json_t *o = json_object();

	holder_of_root(&h, i, w->m, w->symbols);
	document_set(o, "kind", json_text(h.kind));
	document_set(o, "to_offset", json_count(h.to_offset));
	document_set(o, "address",
		     h.address ? json_address(h.address) : json_null());
	document_set(o, "module", json_text(h.module));
	document_set(o, "symbol", json_text(*h.symbol ? h.symbol : NULL));
	document_set(o, "thread", h.tid ? json_count(h.tid) : json_null());
	return o;
}

static void set_pointers(const struct writer *w, json_t *o)
{
	const struct block_view *p = w->p;
	json_t *in = json_array(), *out = json_array(), *roots = json_array();
	json_t *path = json_array();
	size_t first, n = model_edges_of(w->m, p->block, &first);

	for (size_t i = 0; i < p->in_count; i++)
		names_announce(w->names, &w->m->edges[p->in[i]].from, 1);
	for (size_t i = first; i < first + n; i++)
		names_announce(w->names, &w->m->edges[i].to, 1);
	for (size_t i = 0; i < p->path_count; i++)
		names_announce(w->names, &w->m->edges[p->path[i]].from, 1);
	for (size_t i = 0; i < p->root_count; i++)
		document_append(roots, root(w, p->roots[i]));
	for (size_t i = 0; i < p->in_count; i++)
		document_append(in, pointer(w, w->m->edges[p->in[i]].from,
					    &w->m->edges[p->in[i]]));
	for (size_t i = first; i < first + n; i++)
		document_append(out,
				pointer(w, w->m->edges[i].to, &w->m->edges[i]));
	for (size_t i = 0; i < p->path_count; i++)
		document_append(path, pointer(w, w->m->edges[p->path[i]].from,
					      &w->m->edges[p->path[i]]));
	document_set(o, "roots", roots);
	document_set(o, "pointers_in", in);
	document_set(o, "pointers_out", out);
	document_set(o, "path_root",
		     p->reached ? root(w, p->root) : json_null());
	document_set(o, "path", path);
}

static void set_object(const struct writer *w, json_t *o)
{
	const struct rkn_object *object = &w->m->objects[w->p->object];

	document_set(o, "refcount", json_integer(object->count));
	document_set(o, "refcount_told", json_integer(object->told));
	document_set(o, "refcount_read",
		     json_boolean(object->flags & RKN_OBJECT_COUNTED));
	document_set(o, "generation", json_count(object->generation));
	document_set(
	    o, "outstanding",
	    outstanding_json(w->m, w->symbols, w->names, &w->p->object, 1));
	document_set(o, "events_lost",
		     json_count(object->event_count > object->events
				    ? object->event_count - object->events
				    : 0));
	document_set(o, "history", history(w));
	document_set(o, "referrers", referrers(w));
	document_set(o, "referents", referents(w));
}

static json_t *describe(const struct writer *w)
{
	const struct block_view *p = w->p;
	const struct rkn_block *b = &w->m->blocks[p->block];
	json_t *o = json_object();
	char *name;

	if (p->block != RKN_NONE)
		names_announce(w->names, &p->block, 1);
	name = p->object ? names_of(w->names, p->object)
			 : names_object(w->names, p->block);
	document_set(o, "name", json_text(name));
	free(name);
	document_set(o, "address",
		     json_address(p->object ? w->m->objects[p->object].address
					    : b->address));
	document_set(o, "bytes",
		     p->block == RKN_NONE ? json_null() : json_count(b->size));
	document_set(
	    o, "stack",
	    stack_json(w->m, w->symbols,
		       p->object ? w->m->objects[p->object].stack : b->stack));
	if (p->object)
		set_object(w, o);
	if (p->block == RKN_NONE)
		return o;
	document_set(o, "words", json_count(p->words));
	document_set(o, "retained_objects", json_count(p->retained_objects));
	document_set(o, "retained_bytes", json_count(p->retained_bytes));
	set_pointers(w, o);
	return o;
}

json_t *object_json(const struct model *m, struct symbols *s, struct names *n,
		    const struct block_view *p)
{
	const struct writer w = { m, s, n, p };
	json_t *object = describe(&w);
	json_t *document = document_new(m, s, NULL);

	document_set(document, "object", object);
	return document;
}
