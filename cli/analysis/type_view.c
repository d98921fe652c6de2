/* SPDX-License-Identifier: MIT */
#include "type_view.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "list.h"

#define MOST_STEPS 64 /* into types of types: a file may be damaged */

/* --- Fields ------------------------------------------------------------------- */

static bool has_pointers(const struct c_type *type, int depth)
{
	size_t count;
	const struct c_member *m;

	if (type->kind == C_POINTER || depth > MOST_STEPS)
		return type->kind == C_POINTER;
	if (type->kind == C_ARRAY)
		return has_pointers(type->to, depth + 1);
	m = c_members(type, &count);
	for (size_t i = 0; i < count; i++)
		if (has_pointers(m[i].type, depth + 1))
			return true;
	return false;
}

static void add_field(struct type_view *v, const char *name,
		      const struct c_type *type, uint64_t offset)
{
	char *text = c_type_text(type);

	if (v->count == TYPE_VIEW_FIELDS) {
		v->cut = true;
	} else {
		*LIST_ADD(v->fields, v->count) = (struct type_field){
			.name = escape(name),
			.type = escape(text),
			.offset = offset,
			.size = type->size,
			.pointers = has_pointers(type, 0),
		};
	}
	free(text);
}

/* Those of structures in it, too; unions and arrays are one field. */
static void add_fields(struct type_view *v, const struct c_type *type,
		       const char *within, uint64_t start, int depth)
{
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count && !v->cut; i++) {
		uint64_t offset = start + m[i].offset;
		bool named = m[i].name && !m[i].base;
		char *name =
		    xasprintf("%s%s%s", within, named && *within ? "." : "",
			      named ? m[i].name : "");

		if (m[i].type->kind == C_STRUCT && depth < MOST_STEPS)
			add_fields(v, m[i].type, name, offset, depth + 1);
		else
			add_field(v, *name ? name : "(no name)", m[i].type,
				  offset);
		free(name);
	}
}

/* Bytes that no field has; bit fields count as such. */
static uint64_t padding_of(const struct type_view *v)
{
	uint64_t end = 0, lost = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct type_field *f = &v->fields[i];

		if (f->offset > end)
			lost += f->offset - end;
		if (f->offset + f->size > end)
			end = f->offset + f->size;
	}
	return lost + (v->size > end ? v->size - end : 0);
}

/* --- Pointers ----------------------------------------------------------------- */

static struct type_field *field_at(const struct type_view *v, uint64_t offset)
{
	size_t i = LOWER_BOUND(v->count, k, v->fields[k].offset <= offset);

	if (!i)
		return NULL;
	/* An array at the end may have no size of its own. */
	return offset - v->fields[i - 1].offset < v->fields[i - 1].size ||
		       i == v->count
		   ? &v->fields[i - 1]
		   : NULL;
}

static void count_target(struct type_field *f, const char *type)
{
	size_t i = 0;

	while (i < f->target_count && f->targets[i].type != type)
		i++;
	if (i == f->target_count)
		*LIST_ADD(f->targets, f->target_count) =
		    (struct type_target){ type, 0 };
	f->targets[i].count++;
}

static void count_pointers(struct type_view *v, const struct reading *in,
			   uint32_t block, const struct block_type *type)
{
	const struct model *m = in->m;
	const struct type_field *last = NULL;
	uint64_t last_element = 0;
	size_t first, n = model_edges_of(m, block, &first);

	for (size_t i = first; i < first + n; i++) {
		uint64_t at = model_edge_from(m, &m->edges[i]), element = 0;
		struct type_field *f;

		if (at < type->offset)
			continue;
		at -= type->offset;
		if (type->array) {
			element = at / v->size;
			at %= v->size;
		}
		f = field_at(v, at);
		if (!f)
			continue;
		count_target(f, names_block_type(in->names, m->edges[i].to));
		f->leading += f != last || element != last_element;
		last = f;
		last_element = element;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct type_target *x = a, *y = b;

	return ORDER(y->count, x->count) ?: strcmp(x->type, y->type);
}

/* --- The whole ---------------------------------------------------------------- */

static void begin(struct type_view *v, const struct block_type *type)
{
	v->size = type->type ? type->type->size : 0;
	if (type->type &&
	    (type->type->kind == C_STRUCT || type->type->kind == C_UNION)) {
		add_fields(v, type->type, "", 0, 0);
		v->padding = v->cut ? 0 : padding_of(v);
	} else if (type->type) {
		add_field(v, type->array ? "[]" : "", type->type, 0);
	}
}

bool type_view_make(struct type_view *v, const struct reading *in,
		    const char *name)
{
	*v = (struct type_view){ 0 };
	for (uint32_t b = 0; b < in->m->block_count; b++) {
		const struct block_type type = block_types_of(in->types, b);
		uint64_t size = in->m->blocks[b].size, elements = 1;

		if (!type.evidence || names_object_at(in->names, b) ||
		    strcmp(names_block_type(in->names, b), name) != 0)
			continue;
		if (!v->blocks) {
			v->name = xstrdup(name);
			begin(v, &type);
		}
		v->blocks++;
		v->bytes += size;
		if (type.array)
			elements = (size - type.offset) / v->size;
		else if (type.type && !c_is_open(type.type) && v->size &&
			 size > type.offset + v->size)
			v->slack += size - type.offset - v->size;
		v->elements += elements;
		if (type.type)
			count_pointers(v, in, b, &type);
	}
	for (size_t i = 0; i < v->count; i++)
		if (v->fields[i].target_count)
			qsort(v->fields[i].targets, v->fields[i].target_count,
			      sizeof(*v->fields[i].targets), by_count);
	return v->blocks;
}

void type_view_release(struct type_view *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->fields[i].name);
		free(v->fields[i].type);
		free(v->fields[i].targets);
	}
	free(v->fields);
	free(v->name);
	*v = (struct type_view){ 0 };
}
