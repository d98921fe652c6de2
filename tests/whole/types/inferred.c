/* SPDX-License-Identifier: MIT */
/*
 * inferred RECORDING: what types refknot finds for its live blocks, and where;
 * a line of JSON for each stack, size and type, the last one with sums.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "place.h"
#include "reading.h"

struct row {
	struct row_key {
		uint32_t stack;
		uint32_t is_array; /* 32 bits: no padding in a key */
		uint64_t size;
		const void *type; /* or first word */
	} key;
	struct block_type type;
	size_t blocks;
	UT_hash_handle hh;
};

static json_t *location_of(const struct location *l)
{
	char *path = place_path(l);
	json_t *o = json_pack("{s:s?, s:s?, s:i, s:i, s:b, s:b}", "function",
			      l->function, "file", path, "line", (int)l->line,
			      "column", (int)l->column, "inlined",
			      (int)l->inlined, "tail_call", (int)l->tail_call);

	free(path);
	return o;
}

static json_t *frames_of(struct reading *in, uint32_t stack)
{
	json_t *list = json_array();
	const struct location *locations;

	for (uint32_t f = in->m->stacks[stack].frame; f;
	     f = in->m->frames[f].parent) {
		size_t n = symbols_frame(in->symbols, f, &locations);

		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, location_of(&locations[i]));
	}
	return list;
}

static void print_row(struct reading *in, const struct row *r)
{
	const struct block_type *t = &r->type;
	const struct site *site = block_types_site(in->types, r->key.stack);
	char *text = block_type_text(t);
	json_t *o = json_pack(
	    "{s:I, s:I, s:s?, s:I, s:I, s:b, s:s?, s:s?, s:o}", "blocks",
	    (json_int_t)r->blocks, "size", (json_int_t)r->key.size, "type",
	    text, "offset", (json_int_t)t->offset, "kind",
	    (json_int_t)(t->type ? (int)t->type->kind : -1), "bytes",
	    (int)t->bytes, "evidence", type_evidence_names[t->evidence], "by",
	    site->by, "frames", frames_of(in, r->key.stack));

	if (site->at)
		json_object_set_new(o, "at", location_of(site->at));
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
	free(text);
}

/* Pointers to the start of a block whose site tells its type, from fields that
 * are declared: whether both say the same. */
static void compare_fields(struct reading *in, size_t *same, json_t *others)
{
	const struct model *m = in->m;

	*same = 0;
	for (size_t i = 0; i < m->edge_count; i++) {
		const struct rkn_edge *e = &m->edges[i];
		struct block_type from, to;
		uint64_t at = model_edge_from(m, e);
		const struct c_type *p;
		char *declared, *name;

		if (model_edge_to(m, e))
			continue;
		from = block_types_of(in->types, e->from);
		to = block_types_of(in->types, e->to);
		p = from.type && at >= from.offset
			? c_pointer_at(from.type, at - from.offset)
			: NULL;
		if (!p || !c_is_telling(p->to) || to.evidence != TYPE_SITE)
			continue;
		if (to.type && c_begins_with(to.type, p->to)) {
			(*same)++;
			continue;
		}
		declared = c_type_text(p->to);
		name = block_type_text(&to);
		json_array_append_new(
		    others, json_sprintf(
				"%s at %llu of %s points at %s", declared,
				(unsigned long long)at,
				from.type->name ? from.type->name : "?", name));
		free(declared);
		free(name);
	}
}

int main(int argc, char **argv)
{
	struct row *rows = NULL, *r, *next;
	json_t *others = json_array(), *sums;
	struct reading in;
	struct model m;
	size_t same;

	if (argc != 2 || reading_load(&m, argv[1]))
		return 1;
	reading_open(&in, &m, NULL);
	for (uint32_t b = 0; b < m.block_count; b++) {
		struct block_type type = block_types_of(in.types, b);
		struct row_key key;

		memset(&key, 0, sizeof(key));
		key.stack = m.blocks[b].stack;
		key.size = m.blocks[b].size;
		key.type = type.word ? (const void *)type.word : type.type;
		key.is_array = type.array;
		HASH_FIND(hh, rows, &key, sizeof(key), r);
		if (!r) {
			r = xcalloc(1, sizeof(*r));
			r->key = key;
			r->type = type;
			HASH_ADD(hh, rows, key, sizeof(key), r);
		}
		r->blocks++;
	}
	HASH_ITER (hh, rows, r, next) {
		print_row(&in, r);
		HASH_DEL(rows, r);
		free(r);
	}
	compare_fields(&in, &same, others);
	sums = json_pack(
	    "{s:I, s:I, s:o}", "contradictions",
	    (json_int_t)block_types_contradictions(in.types) +
		(json_int_t)block_types_source_contradictions(in.types),
	    "same", (json_int_t)same, "others", others);
	json_dumpf(sums, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(sums);
	reading_close(&in);
	model_release(&m);
	return 0;
}
