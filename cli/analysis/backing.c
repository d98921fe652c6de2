/* SPDX-License-Identifier: MIT */
#include "backing.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "graph.h"
#include "hash.h"
#include "list.h"

#define STATIC_HOLDER 4096 /* bytes of one outside the heap, at most */

/* Who holds: how many of its kind have pointers. */
struct kind {
	struct kind_key {
		uint32_t type; /* of the holder; 0: it is not an object */
		uint32_t field;
		uint32_t stack; /* where it was taken, if it is none; else 0 */
	} key;
	uint64_t backed;
	UT_hash_handle hh;
};

/* A reference of a holder that is alive. */
struct claim {
	uint32_t from; /* its block; RKN_NONE: it is not in the heap */
	uint32_t to;   /* the object's */
	uint32_t reference;
	bool firm; /* pointers to starts of blocks lead there */
};

struct search {
	struct backing *b;
	const struct model *m;
	struct claim *claims; /* by from, then reference */
	uint32_t count;
	struct kind *kinds;
	uint32_t *first;   /* edges of each block */
	uint32_t *into;    /* words that point into each block, none own */
	uint8_t *is_plain; /* blocks that are no objects */
	const uint32_t *owners;
	/* The claims at work, from 1, that found a pointer to the block: over
	 * pointers to starts, or to anything. */
	uint32_t *firmly, *somehow;
	uint32_t *queue;
	uint32_t *roots; /* by block, then address; NULL: not asked for */
};

/* --- Claims --------------------------------------------------------------- */

static bool is_static(const struct model *m, uint64_t address)
{
	for (size_t i = 0; i < m->module_count; i++)
		if (address - m->modules[i].start <
		    m->modules[i].end - m->modules[i].start)
			return true;
	return false;
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	return ORDER(x->from, y->from) ?: ORDER(x->reference, y->reference);
}

static void find_claims(struct search *s)
{
	s->claims = xcalloc(s->m->reference_count + 1, sizeof(*s->claims));
	for (uint32_t i = 0; i < s->m->reference_count; i++) {
		const struct rkn_reference *r = &s->m->references[i];
		const struct rkn_object *to = &s->m->objects[r->to];
		uint32_t from = s->m->objects[r->from].block;

		if (r->kind == RKN_REFERENCE_WEAK || to->block == RKN_NONE)
			continue;
		if (!r->from)
			from = model_block_at(s->m, r->holder);
		if (from == RKN_NONE &&
		    (r->from || !is_static(s->m, r->holder)))
			continue;
		s->claims[s->count++] =
		    (struct claim){ from, to->block, i, false };
	}
	if (s->count)
		qsort(s->claims, s->count, sizeof(*s->claims), compare_claims);
}

/* How many holders like that of `c` have pointers. */
static uint64_t *backed(struct search *s, const struct claim *c)
{
	const struct rkn_reference *r = &s->m->references[c->reference];
	struct kind_key key = { r->from ? s->m->objects[r->from].type : 0,
				r->field, r->from ? 0 : r->stack };
	struct kind *k;

	HASH_FIND(hh, s->kinds, &key, sizeof(key), k);
	if (!k)
		HASH_MAKE(s->kinds, key, key, k);
	return &k->backed;
}

static void note_pointer(struct search *s, const struct claim *c)
{
	s->b->kinds[c->reference] = BACKING_POINTER;
	++*backed(s, c);
}

/* --- Pointers ------------------------------------------------------------- */

/* Note what the memory of the holder `from` points at, as claim `number`. That
 * of two holders has no block in common. */
static void look_from(struct search *s, uint32_t from, uint32_t number)
{
	uint32_t head = 0, tail = 0;

	s->queue[tail++] = from;
	s->firmly[from] = number;
	while (head < tail) {
		uint32_t b = s->queue[head++];
		bool firm = s->firmly[b] == number;

		for (uint32_t e = s->first[b]; e < s->first[b + 1]; e++) {
			uint32_t to = s->m->edges[e].to;

			if (to == from)
				continue;
			if (firm && !s->m->edges[e].to_offset)
				s->firmly[to] = number;
			/* A block that is not an object is of the holder's
			 * memory if nothing else points there, or if it has
			 * the same owner. */
			if (s->somehow[to] != number && s->is_plain[to] &&
			    (s->into[to] == 1 ||
			     (!s->is_plain[from] && s->owners[from] &&
			      s->owners[to] == s->owners[from])))
				s->queue[tail++] = to;
			s->somehow[to] = number;
		}
	}
}

/* A pointer backs one reference. */
static void judge_block(struct search *s, uint32_t first, uint32_t end)
{
	look_from(s, s->claims[first].from, first + 1);
	for (uint32_t i = first; i < end; i++) {
		struct claim *c = &s->claims[i];

		c->firm = s->firmly[c->to] == first + 1;
		if (s->somehow[c->to] == first + 1) {
			note_pointer(s, c);
			s->somehow[c->to] = UINT32_MAX;
		} else if (s->somehow[c->to] == UINT32_MAX ||
			   c->to == c->from) {
			s->b->kinds[c->reference] = BACKING_SILENT;
		}
	}
	for (uint32_t i = first; i < end; i++)
		if (s->somehow[s->claims[i].to] == UINT32_MAX)
			s->somehow[s->claims[i].to] = first + 1;
}

static int compare_roots(const void *a, const void *b, void *data)
{
	const struct model *m = data;
	const struct rkn_root *x = &m->roots[*(const uint32_t *)a];
	const struct rkn_root *y = &m->roots[*(const uint32_t *)b];

	return ORDER(x->block, y->block) ?: ORDER(x->where, y->where);
}

/* Does a word from `address` on, within reach, point into `block`? */
static const struct rkn_root *root_from(struct search *s, uint64_t address,
					uint32_t block)
{
	const struct rkn_root *roots = s->m->roots;
	size_t at;

	if (!s->roots) {
		struct model m = *s->m; /* qsort_r wants it writable */

		s->roots = xcalloc(m.root_count + 1, sizeof(*s->roots));
		for (uint32_t i = 0; i < m.root_count; i++)
			s->roots[i] = i;
		qsort_r(s->roots, m.root_count, sizeof(*s->roots),
			compare_roots, &m);
	}
	at = LOWER_BOUND(s->m->root_count, i,
			 roots[s->roots[i]].block < block ||
			     (roots[s->roots[i]].block == block &&
			      roots[s->roots[i]].where < address));
	if (at == s->m->root_count || roots[s->roots[at]].block != block ||
	    roots[s->roots[at]].where - address >= STATIC_HOLDER)
		return NULL;
	return &roots[s->roots[at]];
}

static void find_pointers(struct search *s)
{
	uint32_t i = 0, end;

	for (; i < s->count && s->claims[i].from != RKN_NONE; i = end) {
		end = i + 1;
		while (end < s->count &&
		       s->claims[end].from == s->claims[i].from)
			end++;
		judge_block(s, i, end);
	}
	for (; i < s->count; i++) {
		const struct claim *c = &s->claims[i];

		if (root_from(s, s->m->references[c->reference].holder, c->to))
			note_pointer(s, c);
	}
}

void backing_make(struct backing *b, const struct model *m,
		  const uint32_t *owners)
{
	size_t n = m->block_count + 1;
	struct search s = { .b = b, .m = m, .owners = owners };

	*b = (struct backing){ 0 };
	b->kinds = xcalloc(m->reference_count + 1, 1);
	b->silent = xcalloc(m->object_count, sizeof(*b->silent));
	b->stale = xcalloc(m->object_count, sizeof(*b->stale));
	b->edges = xcalloc(m->reference_count + 1, sizeof(*b->edges));
	find_claims(&s);
	s.first = xcalloc(n, sizeof(*s.first));
	s.into = xcalloc(n, sizeof(*s.into));
	s.is_plain = xcalloc(n, 1);
	s.firmly = xcalloc(n, sizeof(*s.firmly));
	s.somehow = xcalloc(n, sizeof(*s.somehow));
	s.queue = xcalloc(n, sizeof(*s.queue));
	memset(s.is_plain, true, m->block_count);
	graph_index(s.first, m->block_count, m->edges, m->edge_count);
	for (uint32_t e = 0; e < s.first[m->block_count]; e++)
		s.into[m->edges[e].to] += m->edges[e].to != m->edges[e].from;
	for (size_t i = 0; i < m->root_count; i++)
		s.into[m->roots[i].block]++;
	for (size_t i = 1; i < m->object_count; i++)
		if (m->objects[i].block != RKN_NONE)
			s.is_plain[m->objects[i].block] = false;
	find_pointers(&s);
	for (uint32_t i = 0; i < s.count; i++) {
		const struct claim *c = &s.claims[i];
		uint32_t to = m->references[c->reference].to;
		uint8_t *kind = &b->kinds[c->reference];

		if (*kind == BACKING_UNKNOWN)
			*kind = *backed(&s, c) ? BACKING_STALE : BACKING_SILENT;
		b->silent[to] += *kind == BACKING_SILENT;
		b->stale[to] += *kind == BACKING_STALE;
		if (*kind != BACKING_STALE && c->from != c->to && !c->firm)
			b->edges[b->edge_count++] =
			    (struct rkn_edge){ c->from, c->to, RKN_NONE, 0 };
	}
	HASH_FREE(s.kinds);
	free(s.claims);
	free(s.first);
	free(s.into);
	free(s.is_plain);
	free(s.firmly);
	free(s.somehow);
	free(s.queue);
	free(s.roots);
}

void backing_release(struct backing *b)
{
	free(b->kinds);
	free(b->silent);
	free(b->stale);
	free(b->edges);
	*b = (struct backing){ 0 };
}

bool backing_is_guess(const struct model *m, const struct rkn_reference *r)
{
	size_t first, n = model_events_of(m, r->to, &first);

	/* All are kept from the oldest one on. */
	if (m->objects[r->to].event_count > n &&
	    (!n || m->events[first].order > r->order))
		return true;
	for (size_t e = first; e < first + n; e++)
		if (m->events[e].kind == RKN_EVENT_RELEASE &&
		    !m->events[e].holder && m->events[e].order > r->order)
			return true;
	return false;
}
