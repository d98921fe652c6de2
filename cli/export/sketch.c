/* SPDX-License-Identifier: MIT */
#include "sketch.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "fields.h"
#include "hash.h"
#include "list.h"
#include "root_names.h"

void sketch_release(struct sketch *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		free(s->nodes[i].name);
	for (size_t i = 0; i < s->edge_count; i++)
		free(s->edges[i].field);
	free(s->nodes);
	free(s->edges);
}

static uint32_t add_node(struct sketch *s, char *name)
{
	*LIST_ADD(s->nodes, s->node_count) =
	    (struct sketch_node){ .name = name, .objects = 1 };
	return (uint32_t)s->node_count - 1;
}

static struct sketch_edge *add_edge(struct sketch *s, uint32_t from,
				    uint32_t to)
{
	struct sketch_edge *e = LIST_ADD(s->edges, s->edge_count);

	*e = (struct sketch_edge){ .from = from, .to = to, .count = 1 };
	return e;
}

/* --- Types -------------------------------------------------------------------- */

struct type_node {
	const char *type; /* names have one pointer a type */
	uint64_t objects, bytes;
	uint32_t node; /* UINT32_MAX: it is left out */
	UT_hash_handle hh;
};

static int most_bytes(const struct type_node *a, const struct type_node *b)
{
	return ORDER(b->bytes, a->bytes) ?: strcmp(a->type, b->type);
}

static struct type_node *type_of(struct type_node **table,
				 const struct reading *in, uint32_t block)
{
	const char *type = names_block_type(in->names, block);
	struct type_node *t;

	HASH_FIND_PTR(*table, &type, t);
	if (!t)
		HASH_MAKE(*table, type, type, t);
	return t;
}

/* Pointers from one node to another. */
struct known_edge {
	uint64_t pair; /* nodes, from in the upper half */
	uint32_t edge;
	/* What the first pointer is of: one of the same has the same field. */
	const struct c_type *type;
	uint64_t offset;
	UT_hash_handle hh;
};

static bool is_same_field(const struct known_edge *k,
			  const struct block_type *type, uint64_t offset)
{
	return type->type && k->type == type->type &&
	       k->offset == offset - type->offset;
}

static void add_pointer(struct sketch *s, struct known_edge **table,
			const struct reading *in, const struct rkn_edge *e,
			uint32_t from, uint32_t to)
{
	const struct block_type type = block_types_of(in->types, e->from);
	uint64_t offset = model_edge_from(in->m, e);
	uint64_t pair = (uint64_t)from << 32 | to;
	bool weak = counts_is_weak(in->counts, e);
	struct sketch_edge *edge;
	struct known_edge *k;
	char *field;

	HASH_FIND(hh, *table, &pair, sizeof(pair), k);
	if (!k) {
		HASH_MAKE(*table, pair, pair, k);
		k->edge = (uint32_t)s->edge_count;
		k->type = type.type;
		k->offset = offset - type.offset;
		edge = add_edge(s, from, to);
		edge->field = field_mark(in->types, e->from, offset, 0);
		edge->weak = weak;
		return;
	}
	edge = &s->edges[k->edge];
	edge->count++;
	edge->weak = edge->weak && weak;
	if (!edge->field || is_same_field(k, &type, offset))
		return;
	field = field_mark(in->types, e->from, offset, 0);
	if (strcmp(edge->field, field) != 0) {
		free(edge->field);
		edge->field = NULL;
	}
	free(field);
}

void sketch_types(struct sketch *s, const struct reading *in)
{
	const struct model *m = in->m;
	struct type_node **of = xcalloc(m->block_count, sizeof(*of));
	struct type_node *types = NULL, *t, *next;
	struct known_edge *pairs = NULL;

	*s = (struct sketch){ 0 };
	for (uint32_t b = 0; b < m->block_count; b++) {
		of[b] = type_of(&types, in, b);
		of[b]->objects++;
		of[b]->bytes += m->blocks[b].size;
	}
	HASH_SORT(types, most_bytes);
	HASH_ITER (hh, types, t, next) {
		t->node = UINT32_MAX;
		if (s->node_count == SKETCH_TYPES) {
			s->cut = true;
			continue;
		}
		t->node = add_node(s, xstrdup(t->type));
		s->nodes[t->node].objects = t->objects;
		s->nodes[t->node].bytes = t->bytes;
	}
	for (size_t i = 0; i < m->edge_count; i++) {
		uint32_t from = of[m->edges[i].from]->node;
		uint32_t to = of[m->edges[i].to]->node;

		if (from != UINT32_MAX && to != UINT32_MAX)
			add_pointer(s, &pairs, in, &m->edges[i], from, to);
	}
	HASH_FREE(types);
	HASH_FREE(pairs);
	free(of);
}

/* --- Near a block ------------------------------------------------------------- */

struct near_block {
	uint32_t block;
	uint32_t node;
	UT_hash_handle hh;
};

struct vicinity {
	struct sketch *s;
	const struct reading *in;
	struct near_block *table;
	struct known_edge *edges;
	uint32_t queue[SKETCH_NEAR];
	size_t count;
};

static bool is_near(struct vicinity *v, uint32_t block, uint32_t *node)
{
	struct near_block *n;

	HASH_FIND(hh, v->table, &block, sizeof(block), n);
	if (n)
		*node = n->node;
	return n;
}

static void come_to(struct vicinity *v, uint32_t block)
{
	struct near_block *n;
	uint32_t node;

	if (is_near(v, block, &node))
		return;
	if (v->count == SKETCH_NEAR) {
		v->s->cut = true;
		return;
	}
	HASH_MAKE(v->table, block, block, n);
	n->node = (uint32_t)v->count;
	v->queue[v->count++] = block;
}

/* By what a block points at, and by what points at it. */
static void go_around(struct vicinity *v, const uint32_t *first,
		      const uint32_t *in)
{
	const struct model *m = v->in->m;

	for (size_t i = 0; i < v->count; i++) {
		size_t out, n = model_edges_of(m, v->queue[i], &out);

		for (size_t k = out; k < out + n; k++)
			come_to(v, m->edges[k].to);
		for (uint32_t k = first[v->queue[i]];
		     k < first[v->queue[i] + 1]; k++)
			come_to(v, m->edges[in[k]].from);
	}
}

static void draw_edges(struct vicinity *v, uint32_t block)
{
	const struct model *m = v->in->m;
	size_t first, n = model_edges_of(m, block, &first);
	uint32_t from, to;

	if (!is_near(v, block, &from))
		return;
	for (size_t k = first; k < first + n; k++)
		if (is_near(v, m->edges[k].to, &to))
			add_pointer(v->s, &v->edges, v->in, &m->edges[k], from,
				    to);
}

/* The node of a root by its name, from nodes[first] on; UINT32_MAX: one more would
 * be too many. */
static uint32_t root_node(struct vicinity *v, const struct rkn_root *root,
			  uint32_t first)
{
	char *raw = root_name(v->in, root), *name = escape(raw);
	struct sketch *s = v->s;
	uint32_t node = first;

	free(raw);
	while (node < s->node_count && strcmp(s->nodes[node].name, name) != 0)
		node++;
	if (node < s->node_count) {
		s->nodes[node].address = 0;
	} else if (s->node_count == 2 * SKETCH_NEAR) {
		s->cut = true;
		node = UINT32_MAX;
	} else {
		add_node(s, name);
		s->nodes[node].look = SKETCH_ROOT;
		s->nodes[node].address = root->where;
		s->nodes[node].objects = 0;
		return node;
	}
	free(name);
	return node;
}

/* The roots that lead to them: words of one name are a node. */
static void draw_roots(struct vicinity *v)
{
	const struct model *m = v->in->m;
	uint32_t first = (uint32_t)v->s->node_count, to;

	for (size_t i = 0; i < m->root_count; i++) {
		uint32_t from;
		struct known_edge *k;
		uint64_t pair;

		if (!is_near(v, m->roots[i].block, &to))
			continue;
		from = root_node(v, &m->roots[i], first);
		pair = (uint64_t)from << 32 | to;
		HASH_FIND(hh, v->edges, &pair, sizeof(pair), k);
		if (k)
			v->s->edges[k->edge].count++;
		if (k || from == UINT32_MAX)
			continue;
		HASH_MAKE(v->edges, pair, pair, k);
		k->edge = (uint32_t)v->s->edge_count;
		add_edge(v->s, from, to);
	}
}

static void draw(struct vicinity *v, uint32_t meant)
{
	const struct model *m = v->in->m;

	names_announce(v->in->names, v->queue, v->count);
	for (size_t i = 0; i < v->count; i++) {
		uint32_t block = v->queue[i];
		uint32_t node =
		    add_node(v->s, names_object(v->in->names, block));

		v->s->nodes[node].bytes = m->blocks[block].size;
		v->s->nodes[node].address = m->blocks[block].address;
		v->s->nodes[node].look =
		    block == meant ? SKETCH_MEANT : SKETCH_PLAIN;
	}
	for (size_t i = 0; i < v->count; i++)
		draw_edges(v, v->queue[i]);
	draw_roots(v);
	HASH_FREE(v->table);
	HASH_FREE(v->edges);
}

/* Pointers to block b are edges in[first[b] .. first[b + 1]). */
static uint32_t *edges_by_target(const struct model *m, uint32_t *first)
{
	uint32_t *in = xcalloc(m->edge_count, sizeof(*in));

	for (size_t i = 0; i < m->edge_count; i++)
		first[m->edges[i].to + 1]++;
	for (size_t b = 0; b < m->block_count; b++)
		first[b + 1] += first[b];
	for (size_t i = m->edge_count; i-- > 0;)
		in[--first[m->edges[i].to + 1]] = (uint32_t)i;
	/* Each was counted down to its start, one place further on. */
	memmove(first, first + 1, m->block_count * sizeof(*first));
	first[m->block_count] = (uint32_t)m->edge_count;
	return in;
}

void sketch_near(struct sketch *s, const struct reading *in, uint32_t block)
{
	const struct model *m = in->m;
	struct vicinity v = { .s = s, .in = in };
	uint32_t *first = xcalloc(m->block_count + 1, sizeof(*first));
	uint32_t *edges = edges_by_target(m, first);

	*s = (struct sketch){ 0 };
	come_to(&v, block);
	go_around(&v, first, edges);
	draw(&v, block);
	free(first);
	free(edges);
}

void sketch_finding(struct sketch *s, const struct reading *in,
		    const struct finding *f)
{
	struct vicinity v = { .s = s, .in = in };

	*s = (struct sketch){ 0 };
	for (size_t i = 0; i < f->member_count; i++)
		come_to(&v, f->members[i]);
	draw(&v, UINT32_MAX);
	for (size_t i = 0; i < s->node_count; i++)
		if (s->nodes[i].look == SKETCH_PLAIN)
			s->nodes[i].look = SKETCH_LOST;
}
