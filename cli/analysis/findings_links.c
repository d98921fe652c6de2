/* SPDX-License-Identifier: MIT */
/*
 * Links of lists whose head is part of an object, and that lead back to it. `next`
 * leads into the middle of an object, to where the word after leads back to it;
 * `prev` to a word that leads back to the one before it, or to where an object
 * begins. To be in a list is not a reference on its head, while the head may hold
 * what is in the list. The head is the one that is not like the next but one; of
 * only two the older.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "list.h"

static int is_to_plain(const struct rkn_edge *e, void *data)
{
	const struct analysis *a = data;

	return !a->ledger->contents.count[e->to];
}

/* Blocks that are no objects and that one leads to which no object leads to. What
 * holds that may hold the list by its node. */
void analysis_links(struct analysis *a)
{
	const struct block_objects *c = &a->ledger->contents;

	uint8_t *of_objects;

	of_objects = xcalloc(a->g.nodes + 1u, 1);
	a->strange = xcalloc(a->g.nodes + 1u, 1);
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (c->count[b])
			graph_mark(&a->g, &b, 1, 1, of_objects, is_to_plain, a,
				   a->memory);
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (!of_objects[b])
			graph_mark(&a->g, &b, 1, 1, a->strange, is_to_plain, a,
				   a->memory);
	free(of_objects);
}

/* The last object of a block that begins at `offset` or before; 0: none. */
static uint32_t object_before(const struct analysis *a, uint32_t block,
			      uint64_t offset)
{
	const struct block_objects *c = &a->ledger->contents;
	uint64_t at = a->m->blocks[block].address + offset;
	uint32_t after = (uint32_t)LOWER_BOUND(
	    c->count[block], i,
	    a->m->objects[c->first[block] + i].address <= at);

	return after ? c->first[block] + after - 1 : 0;
}

/* Is it where the block or an object of it begins? */
static bool is_start(const struct analysis *a, uint32_t block, uint64_t offset)
{
	uint32_t o = object_before(a, block, offset);

	return !offset || (o && a->m->objects[o].address ==
				    a->m->blocks[block].address + offset);
}

/* The pointer at `offset` of `block`; NULL. */
static const struct rkn_edge *word_at(const struct analysis *a, uint32_t block,
				      uint64_t offset)
{
	const struct rkn_edge *edges = a->m->edges;
	size_t first, n = model_edges_of(a->m, block, &first);
	size_t at =
	    LOWER_BOUND(n, i, 8ull * edges[first + i].from_word < offset);

	edges += first;
	return at < n && 8ull * edges[at].from_word == offset ? &edges[at]
							      : NULL;
}

/* Where the word of `block` at that offset points, if it is into `to`. */
static bool leads_to(const struct analysis *a, uint32_t block, uint64_t offset,
		     uint32_t to, uint64_t *to_offset)
{
	const struct rkn_edge *e = word_at(a, block, offset);

	if (!e || e->to != to)
		return false;
	*to_offset = e->to_offset;
	return true;
}

/* A place in a block that is part of a list. */
struct place {
	uint32_t block;
	uint64_t offset;
};

/* Are both the same part of objects of one type, or of blocks from one stack? */
static bool is_like(const struct analysis *a, struct place x, struct place y)
{
	const struct rkn_block *blocks = a->m->blocks;
	uint32_t of = object_before(a, x.block, x.offset);
	uint32_t as = object_before(a, y.block, y.offset);
	const struct rkn_object *p = &a->m->objects[of];
	const struct rkn_object *q = &a->m->objects[as];

	if (!of || !as)
		return !of && !as && x.offset == y.offset &&
		       blocks[x.block].stack == blocks[y.block].stack;
	return p->type == q->type &&
	       blocks[x.block].address + x.offset - p->address ==
		   blocks[y.block].address + y.offset - q->address;
}

/* Is `to`, which `from` is linked with, the head of the list? `other` is the word
 * that leads the other way. */
static bool is_head(const struct analysis *a, struct place from,
		    struct place to, uint64_t other)
{
	const struct rkn_edge *e = word_at(a, from.block, other);
	struct place next;

	if (is_like(a, from, to))
		return false;
	if (!e || e->to == to.block)
		return a->m->blocks[from.block].birth >
		       a->m->blocks[to.block].birth;
	next = (struct place){ e->to, e->to_offset };
	if (is_start(a, next.block, next.offset))
		next.offset += from.offset;
	return is_like(a, from, next);
}

bool analysis_is_link(const struct analysis *a, const struct rkn_edge *e)
{
	uint64_t word = 8ull * e->from_word, back;
	struct place from = { e->from, word }, to = { e->to, e->to_offset };
	uint32_t o = object_before(a, e->to, e->to_offset);

	if (!o || !ledger_counts(a->ledger, o) || a->strange[e->from] ||
	    is_start(a, e->to, e->to_offset))
		return false;
	if (leads_to(a, e->to, to.offset + 8, e->from, &back) && back == word)
		return is_head(a, from, to, word + 8);
	if (word < 8 || !leads_to(a, e->to, to.offset, e->from, &back) ||
	    (back + 8 != word && !is_start(a, e->from, back)))
		return false;
	from.offset -= 8;
	return is_head(a, from, to, word - 8);
}
