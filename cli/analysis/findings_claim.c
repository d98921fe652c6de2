/* SPDX-License-Identifier: MIT */
/*
 * From coloured blocks to findings: components, which of them are sources,
 * and whose each block is.
 *
 * Components are visited in topological order, so that all that points at a
 * component has been visited before it; each passes its owner on to what it
 * points at. The first component to come owns a block; one that comes later
 * with another owner only notes that the block is shared.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "die.h"

/* Edges lead anywhere, so memory is prefetched early. */
#define AHEAD 16

enum part_flag {
	HELD = 1u << 0,   /* another component of the colour points at it */
	CYCLE = 1u << 1,  /* its blocks hold each other, or one itself by what
			     is declared */
	SOURCE = 1u << 2, /* it is or has instances of a finding */
	SHARED = 1u << 3, /* blocks of several findings lead to it */
	SINGLE = 1u << 4, /* it is one block */
};

/* The components of one colour and their blocks, in the memory that finding
 * the components needed. */
struct partition {
	uint32_t count;
	uint32_t *start; /* count + 1 places in order[] */
	uint32_t *order; /* blocks by component */
	uint8_t *flags;  /* enum part_flag of each component */
	struct finding_group *groups;
};

static bool has_colour(const struct analysis *a, uint32_t block,
		       enum colour colour)
{
	return (a->mark[block] & ~HEAD) == colour;
}

/* Sort the blocks of `colour` by component. */
static void partition_order(struct partition *p, const struct analysis *a)
{
	uint32_t before = 0;

	p->start = a->memory;
	p->order = a->memory + a->g.nodes + 1;
	memset(p->start, 0, ((size_t)p->count + 1) * sizeof(*p->start));
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (a->component[b] != UINT32_MAX)
			p->start[a->component[b]]++;
	for (uint32_t c = 0; c <= p->count; c++) {
		uint32_t size = p->start[c];

		p->start[c] = before;
		before += size;
	}
	/* Each start moves to its end, which is where the next one starts. */
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (a->component[b] != UINT32_MAX)
			p->order[p->start[a->component[b]]++] = b;
	memmove(p->start + 1, p->start, p->count * sizeof(*p->start));
	p->start[0] = 0;
	for (uint32_t c = 0; c < p->count; c++)
		if (p->start[c + 1] - p->start[c] == 1)
			p->flags[c] |= SINGLE;
}

/* Marks blocks in which an object holds itself, directly or through other
 * objects of the block, by references that the program declared. NULL: there is
 * no ledger. */
static uint8_t *find_bound(const struct analysis *a)
{
	const struct ledger *l = a->ledger;
	uint8_t *bound = l ? xcalloc(a->g.nodes + 1u, 1) : NULL;

	for (uint32_t i = 0; l && i < l->first[l->g.nodes]; i++) {
		uint32_t from = l->edges[i].from, to = l->edges[i].to;
		uint32_t block = a->m->objects[from].block;

		if (l->component[from] == l->component[to] &&
		    block == a->m->objects[to].block && block != RKN_NONE)
			bound[block] = 1;
	}
	return bound;
}

/* Whether a pointer of a block at itself keeps it. */
static bool is_bound(const struct analysis *a, const uint8_t *bound,
		     const struct rkn_edge *e)
{
	return (bound && bound[e->from]) ||
	       (a->m->count_count && counts_is_strong(a->counts, e));
}

/*
 * A block that points at itself does not make a cycle, but by a reference that is
 * counted: the head of an empty
 * list, or a pointer to the private part of an object, leads to the block that
 * it is in, and nobody would look for a reference there.
 */
static void partition_find_cycles(struct partition *p, const struct analysis *a)
{
	const struct rkn_edge *end = a->g.edges + a->first[a->g.nodes];
	const struct ledger *l = a->ledger;
	uint8_t *bound = find_bound(a);

	for (const struct rkn_edge *e = a->g.edges; e < end; e++) {
		uint32_t from = a->component[e->from];
		uint32_t to = a->component[e->to];
		uint32_t owner = l ? l->owner_of[e->from] : 0;

		if (end - e > AHEAD)
			__builtin_prefetch(&a->component[e[AHEAD].to]);
		if (from == UINT32_MAX || to == UINT32_MAX)
			continue;
		if (to != from)
			p->flags[to] |= HELD;
		else if (e->from == e->to)
			p->flags[to] |= is_bound(a, bound, e) ? CYCLE : 0;
		/* How an object's own blocks are linked does not matter: they
		 * go when the object goes. */
		else if (!owner || l->owner_of[e->to] != owner ||
			 l->contents.count[e->from] ||
			 l->contents.count[e->to] || !ledger_counts(l, owner))
			p->flags[to] |= CYCLE;
	}
	free(bound);
}

static void set_head(struct partition *p, struct analysis *a, uint32_t block)
{
	if (a->mark[block] != DOUBTFUL)
		return;
	a->mark[block] |= HEAD;
	p->flags[a->component[block]] |= SOURCE;
}

/* Doubtful blocks that memory in use points into are the possible leaks. */
static void find_doubtful_heads(struct partition *p, struct analysis *a)
{
	for (size_t i = 0; i < a->m->root_count; i++)
		set_head(p, a, a->m->roots[i].block);
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (a->mark[b] == REACHABLE)
			for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++)
				set_head(p, a, a->g.edges[e].to);
}

/* The head of a lost component is the block that was there first. */
static void find_lost_heads(struct partition *p, struct analysis *a)
{
	for (uint32_t c = 0; c < p->count; c++) {
		uint32_t head = p->order[p->start[c]];

		if (p->flags[c] & HELD)
			continue;
		for (uint32_t i = p->start[c]; i < p->start[c + 1]; i++)
			if (analysis_is_older(a, p->order[i], head))
				head = p->order[i];
		a->mark[head] |= HEAD;
		p->flags[c] |= SOURCE;
	}
}

static void count_member(struct analysis *a, uint32_t block)
{
	struct finding *f = &a->list[a->owner[block] - 1];

	f->objects++;
	f->bytes += a->m->blocks[block].size;
	f->evidence |= FINDING_BY_SCAN;
	if (a->is_member)
		a->is_member[block] = 1;
}

static void count_held(struct analysis *a, uint32_t block, bool shared)
{
	struct finding *f = &a->list[a->owner[block] - 1];

	f->held_objects++;
	f->held_bytes += a->m->blocks[block].size;
	f->shared_objects += shared;
	f->shared_bytes += shared ? a->m->blocks[block].size : 0;
}

/* Every head in component `c` is an instance; the other blocks are members of
 * a lost cycle, and held by the first head of a doubtful component. */
static void claim_source(struct partition *p, struct analysis *a, uint32_t c)
{
	uint32_t owner = 0;

	for (uint32_t i = p->start[c]; i < p->start[c + 1]; i++) {
		uint32_t b = p->order[i], size = p->start[c + 1] - p->start[c];
		struct finding_key key = { 0 };
		struct finding *f;

		if (!(a->mark[b] & HEAD))
			continue;
		key.stack = analysis_stack(a, b);
		if (has_colour(a, b, DOUBTFUL))
			key.kind = FINDING_POSSIBLE;
		else if (!(p->flags[c] & CYCLE))
			key.kind = analysis_leak_kind(a, b);
		else
			key =
			    analysis_cycle_key(a, p->order + p->start[c], size);
		f = analysis_group(a, &p->groups, &key);
		a->owner[b] = 1 + (uint32_t)(f - a->list);
		analysis_instance(a, f, b, size);
		count_member(a, b);
		if (!owner)
			owner = a->owner[b];
		else if (owner != a->owner[b])
			p->flags[c] |= SHARED;
	}
	for (uint32_t i = p->start[c]; i < p->start[c + 1]; i++) {
		uint32_t b = p->order[i];

		if (a->mark[b] & HEAD)
			continue;
		a->owner[b] = owner;
		if (has_colour(a, b, LOST))
			count_member(a, b);
		else
			count_held(a, b, p->flags[c] & SHARED);
	}
}

static void pass_on(struct partition *p, struct analysis *a, uint32_t block)
{
	uint32_t c = a->component[block];

	for (uint32_t e = a->first[block]; e < a->first[block + 1]; e++) {
		uint32_t block_to = a->g.edges[e].to;
		uint32_t to = a->component[block_to];
		uint32_t *owner;

		if (to == UINT32_MAX || to == c || p->flags[to] & SOURCE)
			continue;
		owner =
		    &a->owner[p->flags[to] & SINGLE ? block_to
						    : p->order[p->start[to]]];
		p->flags[to] |= p->flags[c] & SHARED;
		if (!*owner) {
			*owner = a->owner[block];
		} else if (*owner != a->owner[block]) {
			p->flags[to] |= SHARED;
			a->list[a->owner[block] - 1].elsewhere = true;
		}
	}
}

/* Blocks come in descending places of order[]; what pass_on() will read is
 * fetched step by step, as each has the address of the next one. */
static void look_ahead(const struct partition *p, const struct analysis *a,
		       uint32_t place)
{
	uint32_t block, first;

	if (place >= 3 * AHEAD)
		__builtin_prefetch(&a->first[p->order[place - 3 * AHEAD]]);
	if (place >= 2 * AHEAD) {
		first = a->first[p->order[place - 2 * AHEAD]];
		__builtin_prefetch(&a->g.edges[first]);
	}
	if (place < AHEAD)
		return;
	block = p->order[place - AHEAD];
	first = a->first[block];
	for (uint32_t e = first; e < a->first[block + 1] && e < first + AHEAD;
	     e++) {
		__builtin_prefetch(&a->component[a->g.edges[e].to]);
		__builtin_prefetch(&a->owner[a->g.edges[e].to]);
	}
}

void analysis_claim(struct analysis *a, enum colour colour)
{
	struct partition p = { 0 };
	size_t from = a->count;

	/* Mostly there is none: then nobody asks for components, and their
	 * memory stays untouched. */
	if (!memchr(a->mark, colour, a->g.nodes))
		return;
	p.count = graph_components(&a->g, a->mark, (uint8_t)colour,
				   a->component, a->memory);
	p.flags = xcalloc(p.count, 1);
	partition_order(&p, a);
	partition_find_cycles(&p, a);
	if (colour == LOST)
		find_lost_heads(&p, a);
	else
		find_doubtful_heads(&p, a);
	for (uint32_t c = p.count; c-- > 0;) {
		uint32_t owner = 0;

		if (p.flags[c] & SOURCE)
			claim_source(&p, a, c);
		else
			/* The owner was passed on to its first block. */
			owner = a->owner[p.order[p.start[c]]];
		for (uint32_t i = p.start[c];
		     i < p.start[c + 1] && !(p.flags[c] & SOURCE); i++) {
			a->owner[p.order[i]] = owner;
			count_held(a, p.order[i], p.flags[c] & SHARED);
		}
		if (p.flags[c] & CYCLE && !(p.flags[c] & SOURCE)) {
			a->list[owner - 1].held_cycles++;
			a->list[owner - 1].held_cycle_objects +=
			    p.start[c + 1] - p.start[c];
		}
		for (uint32_t i = p.start[c]; i < p.start[c + 1]; i++) {
			look_ahead(&p, a, i);
			pass_on(&p, a, p.order[i]);
		}
	}
	analysis_release_groups(&p.groups);
	free(p.flags);
	analysis_members(a, from);
}
