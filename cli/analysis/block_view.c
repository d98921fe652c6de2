/* SPDX-License-Identifier: MIT */
#include "block_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "dominators.h"
#include "hash.h"
#include "holding.h"
#include "list.h"

/* --- By name -------------------------------------------------------------- */

static bool parse(const char *text, int base, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	return *text && !*end && !errno && *text != '-' && *text != '+';
}

/* Whether "TYPE#1", with its '#' at `hash`, is of that type. */
static bool is_type(const char *type, const char *text, const char *hash)
{
	size_t size = (size_t)(hash - text);

	return strlen(type) == size && !memcmp(type, text, size);
}

/* The block of that type before which `number` - 1 others were born. */
static uint32_t find_block(const struct reading *in, const char *text,
			   const char *hash)
{
	uint32_t *list = xcalloc(in->m->block_count + 1, sizeof(*list));
	uint32_t found = RKN_NONE;
	size_t count = 0;

	for (uint32_t b = 0; b < in->m->block_count; b++) {
		const char *type = names_block_type(in->names, b);

		if (is_type(type, text, hash) && !names_object_at(in->names, b))
			list[count++] = b;
	}
	names_announce(in->names, list, count);
	for (size_t i = 0; i < count && found == RKN_NONE; i++) {
		char *name = names_object(in->names, list[i]);

		if (!strcmp(name, text))
			found = list[i];
		free(name);
	}
	free(list);
	return found;
}

uint32_t block_view_find(const struct reading *in, const char *text,
			 uint32_t *object)
{
	const struct model *m = in->m;
	const char *hash = strrchr(text, '#');
	uint64_t number;
	uint32_t block;

	*object = 0;
	if (!strncmp(text, "0x", 2) && parse(text + 2, 16, &number)) {
		block = model_block_at(m, number);
		if (block != RKN_NONE)
			*object = names_object_at(in->names, block);
		for (uint32_t i = 1; i < m->object_count; i++)
			if (m->objects[i].address == number)
				*object = i;
		return block;
	}
	if (!hash || !parse(hash + 1, 10, &number))
		return RKN_NONE;
	for (uint32_t i = 1; i < m->object_count; i++)
		if (m->objects[i].serial == number &&
		    is_type(names_type_called(in->names, m->objects[i].type),
			    text, hash)) {
			*object = i;
			return m->objects[i].block;
		}
	return find_block(in, text, hash);
}

/* --- What leads to it ------------------------------------------------------ */

/* Breadth first from all roots; come[b]: 1 + the edge that led there. `counts`:
 * not over weak references; NULL: over these, too. */
static void find_path(struct block_view *p, const struct model *m,
		      const uint32_t *first, struct counts *counts)
{
	uint32_t *come = xcalloc(m->block_count + 1, sizeof(*come));
	uint32_t *queue = xcalloc(m->block_count + 1, sizeof(*queue));
	uint32_t *root = xcalloc(m->block_count + 1, sizeof(*root));
	uint32_t end = 0, b;

	for (uint32_t i = 0; i < m->root_count; i++) {
		b = m->roots[i].block;
		if (!root[b] && !counts_root_is_weak(counts, &m->roots[i])) {
			root[b] = i + 1;
			queue[end++] = b;
		}
	}
	for (uint32_t read = 0; read < end && !root[p->block]; read++) {
		b = queue[read];
		for (uint32_t e = first[b]; e < first[b + 1]; e++) {
			uint32_t to = m->edges[e].to;

			if (root[to] || counts_is_weak(counts, &m->edges[e]))
				continue;
			root[to] = root[b];
			come[to] = e + 1;
			queue[end++] = to;
		}
	}
	p->reached = root[p->block] != 0;
	p->root = p->reached ? root[p->block] - 1 : RKN_NONE;
	for (b = p->block; come[b]; b = m->edges[come[b] - 1].from)
		queue[p->path_count++] = come[b] - 1;
	free(p->path);
	p->path = xcalloc(p->path_count + 1, sizeof(*p->path));
	for (size_t i = 0; i < p->path_count; i++)
		p->path[i] = queue[p->path_count - 1 - i];
	free(come);
	free(queue);
	free(root);
}

/* --- What it retains ------------------------------------------------------- */

/* Where ways begin. Those of its own lost component begin at the block, so that
 * what they hold together is known of each. */
static uint32_t *entries_of(const struct block_view *p, const struct holding *h,
			    size_t *count)
{
	uint32_t *entries = xcalloc(h->g.nodes + 1ul, sizeof(*entries));
	uint32_t own = holding_source(h, p->block);

	*count = 0;
	for (uint32_t b = 0; b < h->g.nodes; b++)
		if (h->mark[b] == HOLDING_ROOTED ||
		    (h->mark[p->block] == HOLDING_LOST &&
		     holding_is_entry(h, b) && holding_source(h, b) != own))
			entries[(*count)++] = b;
	if (own != UINT32_MAX)
		entries[(*count)++] = p->block;
	return entries;
}

/* Types that are equal have the same pointer. */
struct type_entry {
	const char *type;
	size_t index;
	UT_hash_handle hh;
};

static void add_type(struct block_view *p, struct type_entry **table,
		     const char *type, uint64_t bytes)
{
	struct type_entry *e;

	HASH_FIND(hh, *table, &type, sizeof(type), e);
	if (!e) {
		HASH_MAKE(*table, type, type, e);
		e->index = p->type_count;
		*LIST_ADD(p->types, p->type_count) =
		    (struct block_view_type){ .type = type };
	}
	p->types[e->index].objects++;
	p->types[e->index].bytes += bytes;
}

static int by_bytes(const void *a, const void *b)
{
	const struct block_view_type *x = a, *y = b;

	return ORDER(y->bytes, x->bytes) ?:
	       ORDER(y->objects, x->objects) ?:
	       strcmp(x->type, y->type);
}

static void find_retained(struct block_view *p, const struct reading *in)
{
	uint32_t *entries, *dominator, *order, *memory, n;
	struct type_entry *table = NULL;
	struct holding h;
	uint8_t *kept;
	size_t count;

	holding_open(&h, in->m, in->counts);
	entries = entries_of(p, &h, &count);
	dominator = xcalloc(h.g.nodes + 1ul, sizeof(*dominator));
	order = xcalloc(h.g.nodes + 1ul, sizeof(*order));
	memory = xcalloc(dominators_memory(h.g.nodes, h.first[h.g.nodes]),
			 sizeof(*memory));
	kept = xcalloc(h.g.nodes + 1ul, 1);
	n = dominators_find(&h.g, entries, count, dominator, order, memory);
	p->dominator = dominator[p->block];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t b = order[i];

		if (b != p->block &&
		    (dominator[b] == DOMINATORS_NONE || !kept[dominator[b]]))
			continue;
		kept[b] = 1;
		p->retained_objects++;
		p->retained_bytes += in->m->blocks[b].size;
		if (b != p->block)
			add_type(p, &table, names_block_type(in->names, b),
				 in->m->blocks[b].size);
	}
	HASH_FREE(table);
	if (p->type_count)
		qsort(p->types, p->type_count, sizeof(*p->types), by_bytes);
	free(kept);
	free(memory);
	free(order);
	free(dominator);
	free(entries);
	holding_close(&h);
}

void block_view_make(struct block_view *p, const struct reading *in,
		     uint32_t block, uint32_t object)
{
	const struct model *m = in->m;
	uint32_t *first;

	*p = (struct block_view){ .block = block,
				  .object = object,
				  .root = RKN_NONE,
				  .dominator = RKN_NONE };
	if (block == RKN_NONE)
		return;
	p->why = obstacle_find(m, p->text, sizeof(p->text));
	first = xcalloc(m->block_count + 1, sizeof(*first));
	graph_index(first, m->block_count, m->edges, m->edge_count);
	p->in = xcalloc(m->edge_count + 1, sizeof(*p->in));
	p->roots = xcalloc(m->root_count + 1, sizeof(*p->roots));
	for (uint32_t i = 0; i < m->edge_count; i++)
		if (m->edges[i].to == p->block)
			p->in[p->in_count++] = i;
	for (uint32_t i = 0; i < m->root_count; i++)
		if (m->roots[i].block == p->block) {
			p->roots[p->root_count++] = i;
			p->words += m->roots[i].where != 0;
		}
	p->words += p->in_count;
	find_path(p, m, first, in->counts);
	if (!p->reached && in->counts) {
		find_path(p, m, first, NULL);
		p->weakly = p->reached;
	}
	if (!p->why)
		find_retained(p, in);
	free(first);
}

void block_view_release(struct block_view *p)
{
	free(p->types);
	free(p->path);
	free(p->in);
	free(p->roots);
	*p = (struct block_view){ 0 };
}
