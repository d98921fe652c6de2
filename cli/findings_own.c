/* SPDX-License-Identifier: MIT */
/*
 * Pointers from an object's own memory back at it. They are no references: a
 * list's nodes point at the head that is embedded in the object, a child's part
 * at its whole. There are two exceptions, where the block they stand in holds a
 * reference on its owner, as a request that is under way holds its connection:
 * the program named the block as the holder; or the reference was taken in the
 * call that made the block, and the object was not made in that call as well.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"

struct search {
	struct analysis *a;
	/* Blocks of objects' own memory with a pointer to where the owner
	 * begins: those of object o are blocks[first[o] .. first[o + 1]). */
	uint32_t *first, *blocks;
	/* Per frame, the last object that was made below it, and on which a
	 * reference was taken below it. */
	uint32_t *made, *taken;
};

/* The object whose own memory `block` is, which is not that object's; 0. */
static uint32_t owner_beside(const struct analysis *a, uint32_t block)
{
	uint32_t owner = a->ledger->owner_of[block];

	return a->ledger->contents.count[block] ? 0 : owner;
}

static bool points_at_start(const struct analysis *a, uint32_t block,
			    uint32_t object)
{
	const struct rkn_object *o = &a->m->objects[object];
	uint64_t start = o->address - a->m->blocks[o->block].address;

	for (uint32_t e = a->first[block]; e < a->first[block + 1]; e++)
		if (a->g.edges[e].to == o->block &&
		    a->g.edges[e].to_offset == start &&
		    a->g.edges[e].from_word != RKN_NONE)
			return true;
	return false;
}

static void list_blocks(struct search *s)
{
	const struct analysis *a = s->a;
	uint32_t *owner = xcalloc(a->g.nodes + 1u, sizeof(*owner));
	size_t n = a->m->object_count;
	uint32_t *place = xcalloc(n + 1, sizeof(*place));

	s->first = xcalloc(n + 2, sizeof(*s->first));
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		uint32_t o = owner_beside(a, b);

		if (o && points_at_start(a, b, o)) {
			owner[b] = o;
			s->first[o + 1]++;
		}
	}
	for (size_t o = 0; o <= n; o++)
		s->first[o + 1] += s->first[o];
	s->blocks = xcalloc(s->first[n] + 1u, sizeof(*s->blocks));
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (owner[b])
			s->blocks[s->first[owner[b]] + place[owner[b]]++] = b;
	free(place);
	free(owner);
}

/* Note the frames of `stack`; where one was noted its callers were too. */
static void note(const struct model *m, uint32_t *frames, uint32_t stack,
		 uint32_t object)
{
	for (uint32_t f = m->stacks[stack].frame; f && frames[f] != object;
	     f = m->frames[f].parent)
		frames[f] = object;
}

/* The call of the function that made `block`. */
static uint32_t maker_of(const struct model *m, uint32_t block)
{
	uint32_t frame = m->stacks[m->blocks[block].stack].frame;

	return m->frames[frame].parent;
}

static void judge(struct search *s, uint32_t object)
{
	const struct model *m = s->a->m;
	size_t first, n = model_references_of(m, object, &first);

	note(m, s->made, m->objects[object].stack, object);
	for (size_t r = first; r < first + n; r++)
		if (m->references[r].kind == RKN_REFERENCE &&
		    !m->references[r].from && !m->references[r].holder)
			note(m, s->taken, m->references[r].stack, object);
	for (uint32_t i = s->first[object]; i < s->first[object + 1]; i++) {
		uint32_t call = maker_of(m, s->blocks[i]);

		if (call && s->taken[call] == object && s->made[call] != object)
			s->a->holds[s->blocks[i]] = 1;
	}
}

static void find_named(struct analysis *a)
{
	for (size_t i = 0; i < a->declared.count; i++) {
		const struct declared_pair *p = &a->declared.pairs[i];

		if (p->how == DECLARED_BLOCK_STRONG &&
		    owner_beside(a, p->from) == p->to)
			a->holds[p->from] = 1;
	}
}

void analysis_own(struct analysis *a)
{
	struct search s = { .a = a };

	a->holds = xcalloc(a->g.nodes + 1u, 1);
	find_named(a);
	list_blocks(&s);
	s.made = xcalloc(a->m->frame_count + 1, sizeof(*s.made));
	s.taken = xcalloc(a->m->frame_count + 1, sizeof(*s.taken));
	for (uint32_t o = 1; o < a->m->object_count; o++)
		if (s.first[o] < s.first[o + 1])
			judge(&s, o);
	free(s.first);
	free(s.blocks);
	free(s.made);
	free(s.taken);
}

bool analysis_is_own(const struct analysis *a, const struct rkn_edge *e)
{
	uint32_t to = a->ledger->object_of[e->to];

	return to && a->ledger->owner_of[e->from] == to && !a->holds[e->from];
}
