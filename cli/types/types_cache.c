/* SPDX-License-Identifier: MIT */
#include "types_cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "locals.h"

#define PART "types"

/* --- To the cache --------------------------------------------------------------- */

static json_t *offset_json(int64_t offset)
{
	return offset == FLOW_INSIDE ? json_null() : json_integer(offset);
}

static json_t *flow_json(const struct flow *f)
{
	json_t *claims = json_array();

	for (size_t i = 0; i < f->count; i++) {
		const struct claim *c = &f->claims[i];

		if (json_array_append_new(
			claims, json_pack("[i, I, o, s?, I, I]", (int)c->kind,
					  c_type_number(c->type),
					  offset_json(c->offset), c->name,
					  (json_int_t)c->depth,
					  (json_int_t)c->inner))) {
			json_decref(claims);
			return NULL;
		}
	}
	return json_pack(
	    "[o, b, o, o, I, o]",
	    f->returned ? offset_json(f->returned_offset) : json_false(),
	    f->used,
	    f->declared ? json_integer(c_type_number(f->declared))
			: json_null(),
	    claims, (json_int_t)f->handed_on,
	    f->allocated ? json_integer(c_type_number(f->allocated))
			 : json_null());
}

static json_t *flows_json(const struct flow_module *f)
{
	json_t *flows = json_object();
	char key[17];

	for (const struct flow_known *k = f->known; k; k = k->hh.next) {
		if (!k->followed)
			continue;
		snprintf(key, sizeof(key), "%" PRIx64, k->address);
		if (json_object_set_new(flows, key, flow_json(&k->flow))) {
			json_decref(flows);
			return NULL;
		}
	}
	return flows;
}

static json_t *globals_json(const struct globals *g)
{
	json_t *list = json_array();

	if (!g->read) {
		json_decref(list);
		return json_null();
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct global *v = &g->list[i];

		if (json_array_append_new(
			list,
			json_pack("[I, b, s?, s?, s?, b, I]",
				  (json_int_t)v->address, v->thread_local_,
				  v->name, v->function, v->file, v->exported,
				  c_type_number(v->type)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *classes_json(const struct flow_module *f)
{
	json_t *classes = json_object();

	for (const struct flow_class *c = f->classes; c; c = c->hh.next)
		if (json_object_set_new(
			classes, c->name,
			c->type ? json_integer(c_type_number(c->type))
				: json_null())) {
			json_decref(classes);
			return NULL;
		}
	return classes;
}

static json_t *sources_json(const struct flow_module *f)
{
	json_t *all = json_object();

	for (const struct source_sum *s = f->notes.sums; s; s = s->hh.next) {
		char sum[2 * MD5_SIZE + 1] = "";

		for (size_t i = 0; i < MD5_SIZE; i++)
			snprintf(sum + 2 * i, 3, "%02x", s->sum[i]);
		if (json_object_set_new(all, s->file,
					s->known ? json_string(sum)
						 : json_null())) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *locals_of_json(const struct locals *l)
{
	json_t *list = json_array(), *saved = json_array();

	for (size_t i = 0; i < l->count; i++) {
		const struct local *v = &l->list[i];

		if (json_array_append_new(
			list, json_pack("[s, s?, I, i, i, I, b]", v->name,
					v->function, c_type_number(v->type),
					(int)v->kind, (int)v->reg,
					(json_int_t)v->offset, v->set))) {
			json_decref(list);
			list = NULL; /* then it is not kept at all */
			break;
		}
	}
	for (size_t i = 0; i < l->saved_count; i++)
		json_array_append_new(
		    saved, json_pack("[i, I]", (int)l->saved[i].reg,
				     (json_int_t)l->saved[i].offset));
	return json_pack("[o, o]", list, saved);
}

static json_t *locals_json(const struct flow_module *f)
{
	json_t *all = json_object();
	char key[17];

	for (const struct locals *l = f->locals; l; l = l->hh.next) {
		if (!l->known)
			continue;
		snprintf(key, sizeof(key), "%" PRIx64, l->address);
		if (json_object_set_new(all, key, locals_of_json(l))) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *named_json(const struct flow_module *f)
{
	json_t *all = json_object();

	for (const struct source_meaning *n = f->notes.meanings; n;
	     n = n->hh.next)
		if (json_object_set_new(
			all, n->key,
			n->type ? json_integer(c_type_number(n->type))
				: json_null())) {
			json_decref(all);
			return NULL;
		}
	return all;
}

void types_cache_write(struct flow_module *f, struct symbols_cache *c,
		       Dwarf *main)
{
	json_t *types = c_types_save(f->types, main);

	/* NULL where a name is not UTF-8, too. */
	if (types)
		symbols_cache_set_part(
		    c, PART,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[I, I]}",
			      "types", types, "flows", flows_json(f), "globals",
			      globals_json(&f->globals), "classes",
			      classes_json(f), "locals", locals_json(f),
			      "sources", sources_json(f), "named",
			      named_json(f), "built",
			      (json_int_t)f->notes.built.tv_sec,
			      (json_int_t)f->notes.built.tv_nsec));
}

/* --- From the cache ------------------------------------------------------------- */

static int64_t offset_of(const json_t *saved)
{
	return json_is_integer(saved) ? json_integer_value(saved) : FLOW_INSIDE;
}

static bool read_claims(struct flow_module *f, struct flow *flow,
			const json_t *saved)
{
	size_t i;
	json_t *one;

	json_array_foreach(saved, i, one)
	{
		json_int_t kind = json_integer_value(json_array_get(one, 0));
		struct claim c = {
			.kind = (enum claim_kind)kind,
			.type =
			    c_type_numbered(f->types, json_array_get(one, 1)),
			.offset = offset_of(json_array_get(one, 2)),
			.name = json_string_value(json_array_get(one, 3)),
			.depth = (unsigned)json_integer_value(
			    json_array_get(one, 4)),
			.inner =
			    (size_t)json_integer_value(json_array_get(one, 5)),
		};

		if (!c.type || kind < CLAIM_VARIABLE || kind > CLAIM_GLOBAL)
			return false;
		*LIST_ADD(flow->claims, flow->count) = c;
	}
	return json_is_array(saved);
}

static bool read_flow(struct flow_module *f, uint64_t address,
		      const json_t *saved)
{
	const json_t *returned = json_array_get(saved, 0);
	const json_t *declared = json_array_get(saved, 2);
	struct flow_known *known = xcalloc(1, sizeof(*known));

	known->address = address;
	known->followed = true;
	HASH_ADD(hh, f->known, address, sizeof(known->address), known);
	known->flow.returned = !json_is_false(returned);
	known->flow.returned_offset =
	    known->flow.returned ? offset_of(returned) : 0;
	known->flow.used = json_is_true(json_array_get(saved, 1));
	known->flow.handed_on =
	    (size_t)json_integer_value(json_array_get(saved, 4));
	if (!json_is_null(declared)) {
		known->flow.declared = c_type_numbered(f->types, declared);
		if (!known->flow.declared)
			return false;
	}
	if (!json_is_null(json_array_get(saved, 5))) {
		known->flow.allocated =
		    c_type_numbered(f->types, json_array_get(saved, 5));
		if (!known->flow.allocated)
			return false;
	}
	return read_claims(f, &known->flow, json_array_get(saved, 3));
}

static bool read_globals(struct flow_module *f, const json_t *saved)
{
	struct globals *g = &f->globals;
	size_t i;
	json_t *one;

	g->read = json_is_array(saved);
	json_array_foreach(saved, i, one)
	{
		struct global v = {
			.address = (uint64_t)json_integer_value(
			    json_array_get(one, 0)),
			.thread_local_ = json_is_true(json_array_get(one, 1)),
			.name = json_string_value(json_array_get(one, 2)),
			.function = json_string_value(json_array_get(one, 3)),
			.file = json_string_value(json_array_get(one, 4)),
			.exported = json_is_true(json_array_get(one, 5)),
			.type =
			    c_type_numbered(f->types, json_array_get(one, 6)),
		};

		if (!v.type)
			return false;
		*LIST_ADD(g->list, g->count) = v;
	}
	return true;
}

static bool read_classes(struct flow_module *f, json_t *saved)
{
	const char *name;
	json_t *number;

	json_object_foreach(saved, name, number)
	{
		struct flow_class *c = xcalloc(1, sizeof(*c));

		c->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, f->classes, c->name, strlen(c->name), c);
		if (json_is_null(number))
			continue;
		c->type = c_type_numbered(f->types, number);
		if (!c->type)
			return false;
	}
	return json_is_object(saved);
}

static bool read_sum(struct source_sum *s, const char *text)
{
	if (strlen(text) != 2 * (size_t)MD5_SIZE)
		return false;
	for (size_t i = 0; i < MD5_SIZE; i++) {
		const char byte[] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		s->sum[i] = (unsigned char)strtoul(byte, &end, 16);
		if (*end)
			return false;
	}
	return true;
}

static bool read_sources(struct flow_module *f, json_t *saved)
{
	const char *file;
	bool good = true;
	json_t *sum;

	json_object_foreach(saved, file, sum)
	{
		struct source_sum *s = xcalloc(1, sizeof(*s));

		s->file = xstrdup(file);
		HASH_ADD_KEYPTR(hh, f->notes.sums, s->file, strlen(s->file), s);
		s->known = json_is_string(sum);
		good =
		    good && (json_is_null(sum) ||
			     (s->known && read_sum(s, json_string_value(sum))));
	}
	return good && json_is_object(saved);
}

static bool read_named(struct flow_module *f, json_t *saved)
{
	const char *key;
	bool good = true;
	json_t *type;

	json_object_foreach(saved, key, type)
	{
		struct source_meaning *n = xcalloc(1, sizeof(*n));

		n->key = xstrdup(key);
		HASH_ADD_KEYPTR(hh, f->notes.meanings, n->key, strlen(n->key),
				n);
		n->type =
		    json_is_null(type) ? NULL : c_type_numbered(f->types, type);
		good = good && (n->type || json_is_null(type));
	}
	return good && json_is_object(saved);
}

static void read_built(struct flow_module *f, const json_t *saved)
{
	f->notes.built.tv_sec = json_integer_value(json_array_get(saved, 0));
	f->notes.built.tv_nsec = json_integer_value(json_array_get(saved, 1));
	f->notes.dated = f->notes.built.tv_sec;
}

static bool read_variables(struct flow_module *f, struct locals *l,
			   const json_t *saved)
{
	size_t i;
	json_t *one;

	json_array_foreach(saved, i, one)
	{
		json_int_t kind = json_integer_value(json_array_get(one, 3));
		struct local v = {
			.name = json_string_value(json_array_get(one, 0)),
			.function = json_string_value(json_array_get(one, 1)),
			.type =
			    c_type_numbered(f->types, json_array_get(one, 2)),
			.kind = (enum place_kind)kind,
			.reg = (unsigned)json_integer_value(
			    json_array_get(one, 4)),
			.offset = json_integer_value(json_array_get(one, 5)),
			.set = json_is_true(json_array_get(one, 6)),
		};

		if (!v.name || !v.type || kind < PLACE_REGISTER ||
		    kind > PLACE_FRAME)
			return false;
		*LIST_ADD(l->list, l->count) = v;
	}
	return json_is_array(saved);
}

static bool read_locals(struct flow_module *f, uint64_t address,
			const json_t *saved)
{
	const json_t *registers = json_array_get(saved, 1);
	struct locals *l = xcalloc(1, sizeof(*l));
	size_t i;
	json_t *one;

	l->address = address;
	l->known = true;
	HASH_ADD(hh, f->locals, address, sizeof(l->address), l);
	if (json_array_size(registers) > LOCALS_SAVED)
		return false;
	json_array_foreach(registers, i, one)
	{
		struct locals_saved *saved_at = &l->saved[l->saved_count++];

		saved_at->reg =
		    (unsigned)json_integer_value(json_array_get(one, 0));
		saved_at->offset = json_integer_value(json_array_get(one, 1));
	}
	return json_is_array(registers) &&
	       read_variables(f, l, json_array_get(saved, 0));
}

static void forget(struct flow_module *f)
{
	struct flow_known *known, *next;

	HASH_ITER (hh, f->known, known, next) {
		HASH_DEL(f->known, known);
		free(known->flow.claims);
		free(known);
	}
	flow_classes_release(&f->classes);
	locals_release(&f->locals);
	globals_release(&f->globals);
	source_notes_release(&f->notes);
	c_types_close(f->types);
	f->types = c_types_open();
}

void types_cache_read(struct flow_module *f, const struct symbols_cache *c,
		      Dwarf *(*main)(void *data))
{
	const json_t *part = symbols_cache_part(c, PART);
	json_t *flows = json_object_get(part, "flows"), *one;
	json_t *locals = json_object_get(part, "locals");
	const char *key;
	bool good;

	if (!part)
		return;
	good = c_types_restore(f->types, json_object_get(part, "types"), main,
			       f) &&
	       read_globals(f, json_object_get(part, "globals")) &&
	       read_classes(f, json_object_get(part, "classes")) &&
	       read_sources(f, json_object_get(part, "sources")) &&
	       read_named(f, json_object_get(part, "named"));
	read_built(f, json_object_get(part, "built"));
	json_object_foreach(flows, key, one) good =
	    good && read_flow(f, strtoull(key, NULL, 16), one);
	json_object_foreach(locals, key, one) good =
	    good && read_locals(f, strtoull(key, NULL, 16), one);
	if (!good)
		forget(f);
}
