/* SPDX-License-Identifier: MIT */
/*
 * Pointers from an object's own memory back at it. They are not references: a
 * list's nodes point at the head that is embedded in the object, a child's part
 * at its whole. There are two exceptions, where their block holds a
 * reference on its owner, as a request that is under way holds its connection:
 * the program named the block as the holder; or the reference was taken in the
 * call that made the block, and the object was not made in that call as well.
 *
 * What is in use is not called over-retained for a reference that such a block
 * may hold as well: in closure_new(obj_ref(o)), behind an allocator of the
 * program's, or with an object and its timer that one function makes, it was not
 * taken in that call. A single one looks like a forgotten one, but as all
 * blocks of one place hold their owner or none does, more blocks than references
 * hold nothing.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "fnv.h"
#include "list.h"
#include "value_set.h"

#define CALLERS 3 /* above the function that made a block */

/* A block, and where it was made. */
struct made {
	uint64_t place;
	uint32_t block;
};

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

static void list_blocks(struct search *s)
{
	const struct analysis *a = s->a;
	uint32_t *owner = xcalloc(a->g.nodes + 1u, sizeof(*owner));
	size_t n = a->m->object_count;
	uint32_t *place = xcalloc(n + 1, sizeof(*place));

	s->first = xcalloc(n + 2, sizeof(*s->first));
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		uint32_t o = owner_beside(a, b), e = a->first[b];
		const struct rkn_object *to = &a->m->objects[o];
		uint64_t start;

		if (!o)
			continue;
		start = to->address - a->m->blocks[to->block].address;
		while (e < a->first[b + 1] &&
		       (a->g.edges[e].to != to->block ||
			a->g.edges[e].to_offset != start ||
			a->g.edges[e].from_word == RKN_NONE))
			e++;
		if (e < a->first[b + 1]) {
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

/* Code that makes blocks for one purpose, as far as that is known: an
 * allocator of the program's serves several, so that its caller's function, or
 * if that is not known its address, counts too. */
static uint64_t place_of(const struct analysis *a, uint32_t block)
{
	uint32_t frame = a->m->stacks[a->m->blocks[block].stack].frame;
	uint32_t caller = a->m->frames[frame].parent;
	uint64_t place = value_set_mix(a->m->frames[frame].address);
	const struct location *l;
	size_t n =
	    caller && a->symbols ? symbols_frame(a->symbols, caller, &l) : 0;

	if (n && l->function)
		return place + fnv_text(FNV_OFFSET, l->function);
	return place + (caller ? a->m->frames[caller].address : 0);
}

static int compare_places(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return ORDER(x->place, y->place) ?: ORDER(x->block, y->block);
}

/* Find the blocks that may hold their object. `unnamed` references on it were
 * announced, and `untold` were not. */
static void doubt(struct search *s, uint32_t object, int64_t unnamed,
		  int64_t untold)
{
	uint32_t n = s->first[object + 1] - s->first[object];
	struct made *list;

	if (unnamed + untold <= 0)
		return;
	list = xcalloc(n + 1u, sizeof(*list));
	for (uint32_t i = 0; i < n; i++) {
		list[i].block = s->blocks[s->first[object] + i];
		list[i].place = place_of(s->a, list[i].block);
	}
	qsort(list, n, sizeof(*list), compare_places);
	for (uint32_t i = 0, end; i < n; i = end) {
		bool near = untold > 0;

		for (end = i; end < n && list[end].place == list[i].place;
		     end++) {
			uint32_t call = maker_of(s->a->m, list[end].block);

			/* Was a reference taken where it was asked for? */
			for (int k = 0; call && k < CALLERS; k++) {
				near |= s->taken[call] == object;
				call = s->a->m->frames[call].parent;
			}
		}
		if (!near || end - i > unnamed + untold)
			continue;
		for (; i < end; i++)
			s->a->holds[list[i].block] |= OWN_MAY_HOLD;
	}
	free(list);
}

static void judge(struct search *s, uint32_t object)
{
	const struct model *m = s->a->m;
	const struct rkn_object *o = &m->objects[object];
	size_t first, n = model_references_of(m, object, &first);
	int64_t unnamed = 0, untold = 0;

	note(m, s->made, m->objects[object].stack, object);
	for (size_t r = first; r < first + n; r++)
		if (m->references[r].kind == RKN_REFERENCE &&
		    !m->references[r].from && !m->references[r].holder) {
			note(m, s->taken, m->references[r].stack, object);
			unnamed++;
		}
	for (uint32_t i = s->first[object]; i < s->first[object + 1]; i++) {
		uint32_t call = maker_of(m, s->blocks[i]);

		if (call && s->taken[call] == object && s->made[call] != object)
			s->a->holds[s->blocks[i]] |= OWN_HOLDS;
	}
	if (o->flags & RKN_OBJECT_COUNTED && o->count > o->told)
		untold = o->count - o->told;
	doubt(s, object, unnamed, untold);
}

void analysis_own(struct analysis *a)
{
	struct search s = { .a = a };

	a->holds = xcalloc(a->g.nodes + 1u, 1);
	for (size_t i = 0; i < a->declared.count; i++) {
		const struct declared_pair *p = &a->declared.pairs[i];

		if (p->how == DECLARED_BLOCK_STRONG &&
		    owner_beside(a, p->from) == p->to)
			a->holds[p->from] |= OWN_HOLDS;
	}
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

	return to && a->ledger->owner_of[e->from] == to &&
	       !(a->holds[e->from] & OWN_HOLDS);
}

bool analysis_may_hold(const struct analysis *a, const struct rkn_edge *e)
{
	return !analysis_is_own(a, e) || a->holds[e->from] & OWN_MAY_HOLD;
}
