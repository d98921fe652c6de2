/* SPDX-License-Identifier: MIT */
#include "counts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fields.h"
#include "xmalloc.h"

enum counts_flag {
	HAS_COUNTS = 1, /* they stand in it */
	IS_KEPT = 2,    /* strong references keep it: it has counts or an object
			   of which another has */
};

struct counts {
	const struct model *m;
	struct block_types *types;
	bool found;     /* false: what follows is not there yet */
	uint8_t *flags; /* enum counts_flag of each block; NULL: none has any */
	uint32_t *other; /* of an object the control block, of a control block
			    the object; RKN_NONE: none */
	uint32_t
	    *pointers; /* to each block with counts, see counts_pointers() */
};

struct counts *counts_open(const struct model *m, struct block_types *t)
{
	struct counts *c = xcalloc(1, sizeof(*c));

	c->m = m;
	c->types = t;
	return c;
}

void counts_close(struct counts *c)
{
	if (!c)
		return;
	free(c->flags);
	free(c->other);
	free(c->pointers);
	free(c);
}

/* The pointer to the object is the last word of a control block, behind what is to
 * delete it; libc++ has it before that. */
static void find_object(struct counts *c, uint32_t control)
{
	const struct model *m = c->m;
	const uint64_t at =
	    block_types_of(c->types, control).counted == COUNTED_SHARED_PTR_1
		? 24
		: m->blocks[control].size - 8;
	size_t first, n = model_edges_of(m, control, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct rkn_edge *e = &m->edges[i];

		if (model_edge_from(m, e) != at || model_edge_to(m, e) ||
		    e->to == control || c->other[e->to] != RKN_NONE ||
		    c->flags[e->to] & HAS_COUNTS)
			continue;
		c->other[e->to] = control;
		c->other[control] = e->to;
	}
}

static void add_block(struct counts *c, uint32_t block)
{
	struct block_counts counts;

	if (!block_types_counts(c->types, block, &counts))
		return;
	c->flags[block] |= HAS_COUNTS;
	if (counts.strong)
		c->flags[block] |= IS_KEPT;
}

static void add_object(struct counts *c, uint32_t control)
{
	if (!(c->flags[control] & HAS_COUNTS) ||
	    block_types_of(c->types, control).inside)
		return;
	find_object(c, control);
	if (c->other[control] != RKN_NONE && c->flags[control] & IS_KEPT)
		c->flags[c->other[control]] |= IS_KEPT;
}

static bool holds(const struct counts *c, const struct rkn_edge *e,
		  enum counted_hold hold)
{
	return c->flags[e->to] & IS_KEPT && e->from_word != RKN_SEE_WIDE &&
	       field_hold(c->types, e->from, 8ull * e->from_word) == hold;
}

static bool is_weak_root(const struct counts *c, const struct rkn_root *r)
{
	return c->flags[r->block] & IS_KEPT && r->kind == RKN_ROOT_DATA &&
	       field_hold_of_root(c->types, r) == COUNTED_WEAK;
}

/* A std::shared_ptr has a pointer to the start of the counts; of Rust others may
 * lead to the object. */
static void count_pointers(struct counts *c)
{
	const struct model *m = c->m;

	for (size_t i = 0; i < m->edge_count; i++) {
		const struct rkn_edge *e = &m->edges[i];

		if (!(c->flags[e->to] & HAS_COUNTS) ||
		    holds(c, e, COUNTED_WEAK) ||
		    (model_edge_to(m, e) &&
		     block_types_of(c->types, e->to).counted != COUNTED_RC))
			continue;
		c->pointers[e->to]++;
	}
	for (size_t i = 0; i < m->root_count; i++)
		if (c->flags[m->roots[i].block] & HAS_COUNTS &&
		    !is_weak_root(c, &m->roots[i]))
			c->pointers[m->roots[i].block]++;
}

/* False: no block has counts. */
static bool find_all(struct counts *c)
{
	const struct model *m;

	if (!c || !c->m->count_count)
		return false;
	if (c->found)
		return true;
	m = c->m;
	c->found = true;
	c->flags = xcalloc(m->block_count + 1, sizeof(*c->flags));
	c->other = xcalloc(m->block_count + 1, sizeof(*c->other));
	c->pointers = xcalloc(m->block_count + 1, sizeof(*c->pointers));
	for (size_t b = 0; b < m->block_count; b++)
		c->other[b] = RKN_NONE;
	for (size_t i = 0; i < m->count_count; i++)
		add_block(c, m->counts[i].block);
	for (size_t i = 0; i < m->count_count; i++)
		add_object(c, m->counts[i].block);
	count_pointers(c);
	return true;
}

/* The block that the counts of `block` stand in; RKN_NONE: none. */
static uint32_t place_of(struct counts *c, uint32_t block)
{
	if (!find_all(c))
		return RKN_NONE;
	return c->flags[block] & HAS_COUNTS ? block : c->other[block];
}

bool counts_of(struct counts *c, uint32_t block, struct block_counts *counts)
{
	uint32_t place = place_of(c, block);

	return place != RKN_NONE && block_types_counts(c->types, place, counts);
}

uint32_t counts_object(struct counts *c, uint32_t block)
{
	return place_of(c, block) == block ? c->other[block] : RKN_NONE;
}

bool counts_is_weak(struct counts *c, const struct rkn_edge *e)
{
	return find_all(c) && holds(c, e, COUNTED_WEAK);
}

bool counts_root_is_weak(struct counts *c, const struct rkn_root *r)
{
	return find_all(c) && is_weak_root(c, r);
}

bool counts_is_strong(struct counts *c, const struct rkn_edge *e)
{
	return find_all(c) && holds(c, e, COUNTED_STRONG);
}

uint32_t counts_pointers(struct counts *c, uint32_t block)
{
	uint32_t place = place_of(c, block);

	return place == RKN_NONE ? 0 : c->pointers[place];
}

char *counts_text(const struct block_counts *counts)
{
	return xasprintf("%s count %" PRIu32 "%s, weak count %" PRIu32 "%s",
			 counts->kind == COUNTED_RC ? "strong" : "use",
			 counts->strong, counts->more_strong ? " or more" : "",
			 counts->weak, counts->more_weak ? " or more" : "");
}
