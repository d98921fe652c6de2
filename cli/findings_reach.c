/* SPDX-License-Identifier: MIT */
/*
 * Which blocks the roots lead to, over pointers and over what the program
 * declared (see backing.h).
 *
 * The header idiom: some allocators of objects put a header in front and hand
 * out the address behind it (Python's GC header, redis' sds, g_rc_box), so
 * that no pointer to the block's start exists while it is well in use. If at
 * least HEADER_BLOCKS blocks from one place in the code are held at the same
 * offset, a pointer to that offset in a block from that place is as good as one
 * to its start. Fewer may be chance, and are possible leaks.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "hash.h"

#define HEADER_BLOCKS 3

struct header {
	struct header_key {
		uint64_t site;   /* return address of the allocation call */
		uint64_t offset; /* bytes from the block's start */
	} key;
	uint64_t blocks; /* held there and at no smaller offset */
	UT_hash_handle hh;
};

struct reach {
	const struct model *m;
	struct header *headers; /* NULL: none known */
};

static struct header_key key_of(const struct model *m, uint32_t block,
				uint32_t offset)
{
	const struct rkn_stack *s = &m->stacks[m->blocks[block].stack];

	return (struct header_key){ m->frames[s->frame].address, offset };
}

static struct header *header_find(const struct reach *r, uint32_t block,
				  uint32_t offset)
{
	struct header probe = { .key = key_of(r->m, block, offset) };
	struct header *found;

	HASH_FIND(hh, r->headers, &probe.key, sizeof(probe.key), found);
	return found;
}

static int is_firm(const struct reach *r, uint32_t block, uint32_t offset)
{
	struct header *h;

	if (!offset)
		return 1;
	if (!r->headers)
		return 0;
	h = header_find(r, block, offset);
	return h && h->blocks >= HEADER_BLOCKS;
}

static int follow_firm(const struct rkn_edge *edge, void *data)
{
	return is_firm(data, edge->to, edge->to_offset);
}

/* What a holder outside the heap is said to hold. */
static void mark_declared(struct analysis *a, struct reach *r)
{
	const struct backing *b = a->ledger ? &a->ledger->backing : NULL;

	for (uint32_t i = b ? b->edge_count : 0; i-- > 0;) {
		if (b->edges[i].from != RKN_NONE)
			return;
		graph_mark(&a->g, &b->edges[i].to, 1, REACHABLE, a->mark,
			   follow_firm, r, a->memory);
	}
}

static void mark_firm(struct analysis *a, struct reach *r)
{
	for (size_t i = 0; i < a->m->root_count; i++) {
		const struct rkn_root *root = &a->m->roots[i];

		if (is_firm(r, root->block, root->to_offset))
			graph_mark(&a->g, &root->block, 1, REACHABLE, a->mark,
				   follow_firm, r, a->memory);
	}
	mark_declared(a, r);
}

static uint64_t mark_doubtful(struct analysis *a)
{
	uint64_t marked = 0;

	for (size_t i = 0; i < a->m->root_count; i++)
		marked += graph_mark(&a->g, &a->m->roots[i].block, 1, DOUBTFUL,
				     a->mark, NULL, NULL, a->memory);
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		if (a->mark[b] != REACHABLE)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			marked +=
			    graph_mark(&a->g, &a->g.edges[e].to, 1, DOUBTFUL,
				       a->mark, NULL, NULL, a->memory);
	}
	return marked;
}

static void note_offset(const struct analysis *a, uint32_t *least,
			uint32_t block, uint32_t offset)
{
	if (offset && offset != RKN_SEE_WIDE && a->mark[block] == DOUBTFUL &&
	    (!least[block] || offset < least[block]))
		least[block] = offset;
}

/* The smallest offset at which anything in use holds each doubtful block: one
 * a block, so that one big block held at many offsets costs no more. */
static uint32_t *least_offsets(const struct analysis *a)
{
	uint32_t *least = xcalloc((size_t)a->g.nodes + 1, sizeof(*least));

	for (size_t i = 0; i < a->m->root_count; i++)
		note_offset(a, least, a->m->roots[i].block,
			    a->m->roots[i].to_offset);
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		if (a->mark[b] == LOST)
			continue;
		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
			note_offset(a, least, a->g.edges[e].to,
				    a->g.edges[e].to_offset);
	}
	return least;
}

/* Whether any header came to light. */
static bool learn_headers(const struct analysis *a, struct reach *r)
{
	uint32_t *least = least_offsets(a);
	bool any = false;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		struct header *h;

		if (!least[b] || !a->m->blocks[b].stack)
			continue;
		h = header_find(r, b, least[b]);
		if (!h) {
			h = xcalloc(1, sizeof(*h));
			h->key = key_of(a->m, b, least[b]);
			HASH_ADD(hh, r->headers, key, sizeof(h->key), h);
		}
		any |= ++h->blocks >= HEADER_BLOCKS;
	}
	free(least);
	return any;
}

static void forget_headers(struct reach *r)
{
	struct header *h, *next;

	HASH_ITER (hh, r->headers, h, next) {
		HASH_DEL(r->headers, h);
		free(h);
	}
}

void analysis_reach(struct analysis *a)
{
	struct reach r = { .m = a->m };

	mark_firm(a, &r);
	if (!mark_doubtful(a))
		return;
	if (learn_headers(a, &r)) {
		for (uint32_t b = 0; b < a->g.nodes; b++)
			a->mark[b] = LOST;
		mark_firm(a, &r);
		mark_doubtful(a);
	}
	forget_headers(&r);
}
