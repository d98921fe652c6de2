/* SPDX-License-Identifier: MIT */
#include "type_view.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "hash.h"
#include "list.h"
#include "text_stream.h"

#define MOST_STEPS 64    /* into types of types: a file may be damaged */
#define MOST_LOOKS 4096u /* at types in one */

/* --- Fields ------------------------------------------------------------------- */

static bool has_pointers(const struct c_type *type, int depth, unsigned *looks)
{
	size_t count;
	const struct c_member *m;

	if (type->kind == C_POINTER || depth > MOST_STEPS ||
	    ++*looks > MOST_LOOKS)
		return type->kind == C_POINTER;
	if (type->kind == C_ARRAY)
		return has_pointers(type->to, depth + 1, looks);
	m = c_members(type, &count);
	for (size_t i = 0; i < count; i++)
		if (has_pointers(m[i].type, depth + 1, looks))
			return true;
	return false;
}

static void add_field(struct type_view *v, const char *name,
		      const struct c_member *m, uint64_t offset)
{
	char *text = c_type_text(m->type);
	unsigned looks = 0;

	if (v->count == TYPE_VIEW_FIELDS) {
		v->cut = true;
	} else {
		*LIST_ADD(v->fields, v->count) = (struct type_field){
			.name = escape(name),
			.type = escape(text),
			.offset = offset,
			.size = c_member_size(m),
			.bits = m->bits,
			.bit = m->bit,
			.pointers = has_pointers(m->type, 0, &looks),
		};
	}
	free(text);
}

/* The names of what is in a union without one, as C has them: "number|text". */
static void write_alternatives(FILE *out, const struct c_type *type,
			       const char **bar, int depth)
{
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count && depth < MOST_STEPS; i++) {
		if (!m[i].name) {
			write_alternatives(out, m[i].type, bar, depth + 1);
			continue;
		}
		fprintf(out, "%s%s", *bar, m[i].name);
		*bar = "|";
	}
}

static char *name_in(const char *within, const struct c_member *m)
{
	const char *bar = *within ? "." : "";
	size_t size;
	FILE *out;
	char *text;

	if (m->base)
		return xstrdup(within);
	if (m->name)
		return xasprintf("%s%s%s", within, bar, m->name);
	out = text_stream_open(&text, &size);
	fputs(within, out);
	if (m->type->kind == C_UNION)
		write_alternatives(out, m->type, &bar, 0);
	text_stream_close(out);
	return text;
}

/* Those of structures in it, too; unions and arrays are one field. */
static void add_fields(struct type_view *v, const struct c_type *type,
		       const char *within, uint64_t start, int depth)
{
	size_t count;
	const struct c_member *m = c_members(type, &count);

	v->partial |= c_has_hidden(type);
	for (size_t i = 0; i < count && !v->cut; i++) {
		uint64_t offset = start + m[i].offset;
		char *name = name_in(within, &m[i]);

		if (m[i].type->kind == C_STRUCT && depth < MOST_STEPS)
			add_fields(v, m[i].type, name, offset, depth + 1);
		else
			add_field(v, *name ? name : "(no name)", &m[i], offset);
		free(name);
	}
}

static uint64_t first_bit(const struct type_field *f)
{
	return 8 * f->offset + f->bit;
}

/* The bits [start, end) belong to no field. */
static void add_padding(struct type_view *v, uint64_t start, uint64_t end)
{
	uint64_t low = (start + 7) / 8, high = end / 8;

	if (end <= start)
		return;
	if (high > low)
		v->padding += high - low;
	else
		high = low = 0;
	v->padding_bits += end - start - 8 * (high - low);
}

static void find_padding(struct type_view *v)
{
	uint64_t end = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct type_field *f = &v->fields[i];
		uint64_t start = first_bit(f);
		uint64_t last = start + (f->bits ? f->bits : 8 * f->size);

		add_padding(v, end, start);
		if (last > end)
			end = last;
	}
	add_padding(v, end, 8 * v->size);
}

/* --- Pointers ----------------------------------------------------------------- */

static struct type_field *field_at(const struct type_view *v, uint64_t offset)
{
	size_t i = LOWER_BOUND(v->count, k, v->fields[k].offset <= offset);

	if (!i)
		return NULL;
	/* An array at the end may have no size of its own. */
	return offset - v->fields[i - 1].offset < v->fields[i - 1].size ||
		       (i == v->count && v->open && !v->cut)
		   ? &v->fields[i - 1]
		   : NULL;
}

struct type_field *type_view_field(const struct type_view *v,
				   const struct block_type *type, uint64_t at,
				   uint64_t *element)
{
	*element = 0;
	if (at < type->offset)
		return NULL;
	at -= type->offset;
	if (type->array) {
		*element = at / v->size;
		at %= v->size;
	}
	return field_at(v, at);
}

/* Where a target is in its field: a field may have very many. */
struct type_spot {
	struct spot_key {
		const struct type_field *field;
		const char *type;
	} key;
	size_t index;
	UT_hash_handle hh;
};

static void count_target(struct type_spot **spots, struct type_field *f,
			 const char *type)
{
	const struct spot_key key = { f, type };
	struct type_spot *s;

	HASH_FIND(hh, *spots, &key, sizeof(key), s);
	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->key = key;
		s->index = f->target_count;
		*LIST_ADD(f->targets, f->target_count) =
		    (struct type_target){ type, 0 };
		HASH_ADD(hh, *spots, key, sizeof(key), s);
	}
	f->targets[s->index].count++;
}

static void count_pointers(struct type_view *v, struct type_spot **spots,
			   const struct reading *in, uint32_t block,
			   const struct block_type *type)
{
	const struct model *m = in->m;
	const struct type_field *last = NULL;
	uint64_t last_element = 0;
	size_t first, n = model_edges_of(m, block, &first);

	for (size_t i = first; i < first + n; i++) {
		uint64_t element;
		struct type_field *f = type_view_field(
		    v, type, model_edge_from(m, &m->edges[i]), &element);

		if (!f)
			continue;
		count_target(spots, f,
			     names_block_type(in->names, m->edges[i].to));
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

static int by_offset(const void *a, const void *b)
{
	const struct type_field *x = a, *y = b;

	return ORDER(first_bit(x), first_bit(y)) ?: ORDER(x->size, y->size);
}

static void begin(struct type_view *v, const struct block_type *type)
{
	v->type = type->type;
	v->size = type->type->size;
	v->open = c_is_open(type->type);
	if (type->type->kind == C_STRUCT || type->type->kind == C_UNION) {
		add_fields(v, type->type, "", 0, 0);
		if (v->count) /* languages may place members in any order */
			qsort(v->fields, v->count, sizeof(*v->fields),
			      by_offset);
		if (!v->cut && !v->partial)
			find_padding(v);
	} else {
		add_field(v, type->array ? "[]" : "",
			  &(struct c_member){ .type = type->type }, 0);
	}
}

/* Whether a block's type is that name, or an array of it. */
static bool is_called(const char *type, const char *name)
{
	size_t size = strlen(name);

	return !strncmp(type, name, size) &&
	       (!type[size] || !strcmp(type + size, "[]"));
}

static void add_block(struct type_view *v, struct type_spot **spots,
		      const struct reading *in, uint32_t block,
		      const struct block_type *type)
{
	uint64_t size = in->m->blocks[block].size, elements = 1;

	*LIST_ADD(v->list, v->blocks) = block;
	v->bytes += size;
	if (type->array)
		elements = (size - type->offset) / type->type->size;
	else if (type->type && !c_is_open(type->type) && type->type->size &&
		 type->offset < size && size - type->offset > type->type->size)
		v->slack += size - type->offset - type->type->size;
	v->elements += elements;
	if (type->type)
		count_pointers(v, spots, in, block, type);
}

bool type_view_make(struct type_view *v, const struct reading *in,
		    const char *name)
{
	struct type_spot *spots = NULL;

	*v = (struct type_view){ 0 };
	for (uint32_t b = 0; b < in->m->block_count; b++) {
		const struct block_type type = block_types_of(in->types, b);

		if (!type.evidence || names_object_at(in->names, b) ||
		    !is_called(names_block_type(in->names, b), name))
			continue;
		if (type.type && v->type && type.type != v->type) {
			v->others++;
			continue;
		}
		if (!v->name)
			v->name = xstrdup(name);
		if (type.type && !v->type)
			begin(v, &type);
		add_block(v, &spots, in, b, &type);
	}
	HASH_FREE(spots);
	for (size_t i = 0; i < v->count; i++)
		if (v->fields[i].target_count)
			qsort(v->fields[i].targets, v->fields[i].target_count,
			      sizeof(*v->fields[i].targets), by_count);
	v->why = obstacle_find(in->m, v->room, sizeof(v->room));
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
	free(v->list);
	free(v->name);
	*v = (struct type_view){ 0 };
}
