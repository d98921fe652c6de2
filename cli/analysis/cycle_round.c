/* SPDX-License-Identifier: MIT */
#include "cycle_round.h"

#include <stdlib.h>

#include "fields.h"
#include "list.h"

#define MOST_KINDS 16 /* of pointers on the way round that are tried */

/* What the program says about an object of the cycle: who holds it. */
struct said {
	uint32_t from, to; /* objects */
	uint32_t node;     /* that `to` is */
	uint32_t reference;
	bool weak;
};

/* What a node is. */
struct kind {
	const char *type; /* equal ones are one pointer */
	uint64_t size;    /* of the block, where the type is not known */
};

struct maker {
	struct cycle_round *c;
	const struct reading *in;
	const struct finding *f;
	struct kind *kinds; /* per node */
	uint32_t *sorted;   /* nodes by block, then start */
	uint32_t *blocks;   /* of the members, ascending; NULL: not needed */
	struct said *said;  /* ascending */
	size_t said_count;
	int64_t
	    *unnamed; /* per node: references of holders that are not known; -1:
			     that cannot be said */
	uint32_t *first; /* per node: its first arrow */
	uint32_t *into;  /* arrows by target */
	uint32_t *first_into;
	uint8_t *cut; /* per arrow */
	/* Per node. */
	uint32_t *count, *queue, *way;
};

/* --- Members ---------------------------------------------------------------- */

static bool is_member(const struct maker *k, uint32_t block)
{
	return bsearch(&block, k->blocks, k->f->member_count, sizeof(block),
		       list_ascending_32);
}

/* The member of which `block` is the control block; RKN_NONE: it is none. */
static uint32_t object_of(const struct maker *k, uint32_t block)
{
	uint32_t object =
	    k->blocks ? counts_object(k->in->counts, block) : RKN_NONE;

	return object != RKN_NONE && is_member(k, object) ? object : RKN_NONE;
}

static int by_place(const void *a, const void *b, void *data)
{
	const struct cycle_node *nodes = data;
	const struct cycle_node *x = &nodes[*(const uint32_t *)a];
	const struct cycle_node *y = &nodes[*(const uint32_t *)b];

	return ORDER(x->block, y->block) ?: ORDER(x->start, y->start);
}

static void describe(struct maker *k, struct cycle_node *n)
{
	struct kind *kind = &k->kinds[k->c->node_count];
	const struct model *m = k->in->m;
	struct names *names = k->in->names;
	struct block_type type;

	if (n->object) {
		kind->type =
		    names_type_called(names, m->objects[n->object].type);
		if (names_object_at(names, n->block) != n->object)
			n->base = m->objects[n->object].address -
				  m->blocks[n->block].address;
		return;
	}
	type = block_types_of(k->in->types, n->block);
	kind->type = names_block_type(names, n->block);
	if (!type.type)
		kind->size = m->blocks[n->block].size;
	if (type.inside)
		n->base = type.offset;
}

static void add_nodes(struct maker *k)
{
	const struct finding *f = k->f;
	struct cycle_round *c = k->c;

	if (k->in->m->count_count) {
		k->blocks = xcalloc(f->member_count, sizeof(*k->blocks));
		for (size_t i = 0; i < f->member_count; i++)
			k->blocks[i] = f->members[i];
		qsort(k->blocks, f->member_count, sizeof(*k->blocks),
		      list_ascending_32);
	}
	c->nodes = xcalloc(f->member_count, sizeof(*c->nodes));
	k->kinds = xcalloc(f->member_count, sizeof(*k->kinds));
	k->sorted = xcalloc(f->member_count, sizeof(*k->sorted));
	for (size_t i = 0; i < f->member_count; i++) {
		struct cycle_node *n = &c->nodes[c->node_count];

		if (object_of(k, f->members[i]) != RKN_NONE) {
			c->hidden++;
			continue;
		}
		*n = (struct cycle_node){
			.member = i,
			.object = finding_object(f, k->in->names, i),
			.block = f->members[i],
			.end = UINT64_MAX,
		};
		if (f->member_objects && n->object)
			n->end = names_part(k->in->names, n->object, &n->start);
		describe(k, n);
		k->sorted[c->node_count] = (uint32_t)c->node_count;
		c->node_count++;
	}
	qsort_r(k->sorted, c->node_count, sizeof(*k->sorted), by_place,
		c->nodes);
}

/* The node that has byte `at` of `block`; RKN_NONE: none. */
static uint32_t node_at(const struct maker *k, uint32_t block, uint64_t at)
{
	const struct cycle_node *nodes = k->c->nodes;
	uint32_t object = object_of(k, block);
	size_t after;

	if (object != RKN_NONE) {
		block = object;
		at = 0;
	}
	after = LOWER_BOUND(k->c->node_count, i,
			    nodes[k->sorted[i]].block < block ||
				(nodes[k->sorted[i]].block == block &&
				 nodes[k->sorted[i]].start <= at));
	return after && nodes[k->sorted[after - 1]].block == block &&
		       at < nodes[k->sorted[after - 1]].end
		   ? k->sorted[after - 1]
		   : RKN_NONE;
}

/* --- What the program says ------------------------------------------------------ */

static int by_pair(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	return ORDER(x->from, y->from) ?: ORDER(x->to, y->to);
}

static void add_said(struct maker *k)
{
	const struct model *m = k->in->m;

	k->unnamed = xcalloc(k->c->node_count + 1, sizeof(*k->unnamed));
	for (uint32_t n = 0; n < k->c->node_count; n++) {
		uint32_t o = k->c->nodes[n].object;
		size_t first, count = o ? model_references_of(m, o, &first) : 0;

		k->unnamed[n] =
		    o && m->objects[o].count > 0 ? m->objects[o].count : -1;
		for (size_t i = 0; i < count; i++) {
			const struct rkn_reference *r =
			    &m->references[first + i];
			bool weak = r->kind == RKN_REFERENCE_WEAK;

			if (!r->from ||
			    m->objects[r->from].flags & RKN_OBJECT_ENDED)
				continue;
			*LIST_ADD(k->said, k->said_count) =
			    (struct said){ r->from, o, n, (uint32_t)(first + i),
					   weak };
			if (k->unnamed[n] > 0 && !weak)
				k->unnamed[n]--;
		}
	}
	if (k->said_count)
		qsort(k->said, k->said_count, sizeof(*k->said), by_pair);
}

/* Whether `from` is said to hold `to`, or to do so weakly. */
static bool is_said(const struct maker *k, uint32_t from, uint32_t to,
		    bool weakly)
{
	const struct said pair = { .from = from, .to = to };
	size_t i =
	    LOWER_BOUND(k->said_count, j, by_pair(&k->said[j], &pair) < 0);

	for (; i < k->said_count && !by_pair(&k->said[i], &pair); i++)
		if (k->said[i].weak == weakly)
			return true;
	return false;
}

/* Whether the program says enough to know that the pointer, to byte `at` of the
 * block, holds nothing: what leads into the middle of an object is mostly the link of
 * a list. */
static bool is_borrowed(const struct maker *k, uint32_t from, uint32_t to,
			uint64_t at)
{
	const struct model *m = k->in->m;
	const struct cycle_node *target = &k->c->nodes[to];
	uint32_t holder = k->c->nodes[from].object;
	uint32_t object = target->object;

	if (object && k->unnamed && k->unnamed[to] >= 0 &&
	    at != target->start &&
	    at != m->objects[object].address - m->blocks[target->block].address)
		return true;
	if (!holder || !object || !k->unnamed ||
	    is_said(k, holder, object, false))
		return false;
	return is_said(k, holder, object, true) || !k->unnamed[to];
}

/* --- Arrows -------------------------------------------------------------------- */

static void add_arrow(struct maker *k, uint32_t from, uint32_t to,
		      uint32_t edge, uint32_t reference)
{
	if (from == to && k->c->node_count > 1)
		return; /* into its own middle */
	*LIST_ADD(k->c->arrows, k->c->arrow_count) =
	    (struct cycle_arrow){ from, to, edge, reference };
	k->count[to] = from + 1;
}

/* Whether both words are of one counted reference, which is one arrow. */
static bool is_same(const struct maker *k, const struct rkn_edge *x,
		    const struct rkn_edge *y)
{
	return x && x->from_word + 1 == y->from_word &&
	       node_at(k, x->to, 0) == node_at(k, y->to, 0) &&
	       field_hold(k->in->types, x->from, 8ull * x->from_word) &&
	       field_hold(k->in->types, y->from, 8ull * y->from_word);
}

static void add_pointers(struct maker *k, uint32_t n)
{
	const struct cycle_node *node = &k->c->nodes[n];
	const struct model *m = k->in->m;
	const struct rkn_edge *last = NULL;
	size_t first, count = model_edges_of(m, node->block, &first);

	for (size_t i = first; i < first + count; i++) {
		const struct rkn_edge *e = &m->edges[i];
		uint64_t at = model_edge_from(m, e);
		bool again = m->count_count && is_same(k, last, e);
		uint32_t to;

		if (at < node->start || at >= node->end)
			continue;
		last = again ? NULL : e; /* its second word ends a pair */
		to = node_at(k, e->to, model_edge_to(m, e));
		if (!again && to != RKN_NONE &&
		    !counts_is_weak(k->in->counts, e) &&
		    !is_borrowed(k, n, to, model_edge_to(m, e)))
			add_arrow(k, n, to, (uint32_t)i, RKN_NONE);
	}
}

/* References that no pointer in the object itself shows. */
static void add_references(struct maker *k, uint32_t n)
{
	const struct said pair = { .from = k->c->nodes[n].object };
	size_t i =
	    LOWER_BOUND(k->said_count, j, by_pair(&k->said[j], &pair) < 0);

	for (; pair.from && i < k->said_count && k->said[i].from == pair.from;
	     i++)
		if (!k->said[i].weak && k->count[k->said[i].node] != n + 1)
			add_arrow(k, n, k->said[i].node, RKN_NONE,
				  k->said[i].reference);
}

static void add_arrows(struct maker *k)
{
	struct cycle_round *c = k->c;

	for (uint32_t n = 0; n < c->node_count; n++) {
		k->first[n] = (uint32_t)c->arrow_count;
		add_pointers(k, n);
		add_references(k, n);
	}
	k->first[c->node_count] = (uint32_t)c->arrow_count;
	k->cut = xcalloc(c->arrow_count + 1, sizeof(*k->cut));
}

/* --- The shortest way ------------------------------------------------------------ */

/* The first arrow back to `head` over what is not cut, `last` if that is not RKN_NONE;
 * RKN_NONE: there is none. Then k->way has the arrow to each node on the way. */
static uint32_t find_back(struct maker *k, uint32_t head, uint32_t last)
{
	const struct cycle_arrow *arrows = k->c->arrows;
	size_t read = 0, end = 0;

	for (size_t n = 0; n < k->c->node_count; n++)
		k->way[n] = RKN_NONE;
	k->queue[end++] = head;
	while (read < end) {
		uint32_t n = k->queue[read++];

		for (uint32_t a = k->first[n]; a < k->first[n + 1]; a++) {
			uint32_t to = arrows[a].to;

			if (k->cut[a])
				continue;
			if (to == head && (last == RKN_NONE || a == last))
				return a;
			if (to == head || k->way[to] != RKN_NONE)
				continue;
			k->way[to] = a;
			k->queue[end++] = to;
		}
	}
	return RKN_NONE;
}

/* From `head` back to it, likewise; its arrows, *count of them, in the order of the
 * way, which the caller frees; NULL: none leads back. */
static uint32_t *find_round(struct maker *k, uint32_t head, uint32_t last,
			    size_t *count)
{
	const struct cycle_arrow *arrows = k->c->arrows;
	uint32_t *round, back = find_back(k, head, last);
	size_t left;

	*count = 0;
	if (back == RKN_NONE)
		return NULL;
	for (uint32_t a = back; a != RKN_NONE; a = k->way[arrows[a].from])
		++*count;
	round = xcalloc(*count, sizeof(*round));
	left = *count;
	for (uint32_t a = back; a != RKN_NONE; a = k->way[arrows[a].from])
		round[--left] = a;
	return round;
}

/* The arrow that closed the cycle, or may have; RKN_NONE: that is not known. */
static uint32_t find_closing(const struct maker *k)
{
	const struct finding *f = k->f;
	const struct model *m = k->in->m;

	for (uint32_t a = 0; a < k->c->arrow_count; a++) {
		const struct cycle_arrow *arrow = &k->c->arrows[a];
		const struct rkn_reference *r;

		if (f->reference == RKN_NONE) {
			if (f->undeclared != RKN_NONE &&
			    arrow->edge == f->undeclared)
				return a;
			continue;
		}
		r = &m->references[f->reference];
		if (k->c->nodes[arrow->from].object == r->from &&
		    k->c->nodes[arrow->to].object == r->to)
			return a;
	}
	return RKN_NONE;
}

static void find_first_round(struct maker *k)
{
	struct cycle_round *c = k->c;
	uint32_t closing = find_closing(k);

	if (closing != RKN_NONE)
		c->round = find_round(k, c->arrows[closing].to, closing,
				      &c->round_count);
	if (!c->round)
		c->round = find_round(k, 0, RKN_NONE, &c->round_count);
}

/* --- Cuts -------------------------------------------------------------------------- */

/* Which pointers are alike. */
struct likeness {
	struct kind of;
	uint64_t at;
	bool is_reference;
};

static struct likeness likeness_of(const struct maker *k, uint32_t arrow)
{
	const struct cycle_arrow *a = &k->c->arrows[arrow];
	const struct cycle_node *n = &k->c->nodes[a->from];
	const struct model *m = k->in->m;
	struct likeness l = { .is_reference = a->edge == RKN_NONE };

	l.of = k->kinds[a->from];
	l.at = l.is_reference
		   ? m->references[a->reference].field
		   : model_edge_from(m, &m->edges[a->edge]) - n->base;
	return l;
}

static bool is_alike(const struct maker *k, const struct likeness *l,
		     uint32_t arrow)
{
	const struct likeness other = likeness_of(k, arrow);

	return l->of.type == other.of.type && l->of.size == other.of.size &&
	       l->at == other.at && l->is_reference == other.is_reference;
}

/* How many nodes are held though the arrows that are cut are not there. They have a
 * count afterwards, the others none. */
static size_t count_left(struct maker *k)
{
	const struct cycle_round *c = k->c;
	size_t read = 0, end = 0;

	for (size_t n = 0; n < c->node_count; n++)
		k->count[n] = 0;
	for (size_t a = 0; a < c->arrow_count; a++)
		k->count[c->arrows[a].to] += !k->cut[a];
	for (uint32_t n = 0; n < c->node_count; n++)
		if (!k->count[n])
			k->queue[end++] = n;
	while (read < end) {
		uint32_t n = k->queue[read++];

		for (uint32_t a = k->first[n]; a < k->first[n + 1]; a++)
			if (!k->cut[a] && !--k->count[c->arrows[a].to])
				k->queue[end++] = c->arrows[a].to;
	}
	return c->node_count - end;
}

/* Cuts the arrow, and unless `one` those that are like it; or with `number` 0
 * mends what was cut with that number. */
static void cut(struct maker *k, uint32_t arrow, bool one, uint8_t number)
{
	const struct likeness l = likeness_of(k, arrow);

	if (one)
		k->cut[arrow] = number;
	for (uint32_t a = 0; !one && a < k->c->arrow_count; a++)
		if (!k->cut[a] && is_alike(k, &l, a))
			k->cut[a] = number;
}

static void mend(struct maker *k, uint8_t number)
{
	for (size_t a = 0; a < k->c->arrow_count; a++)
		if (k->cut[a] == number)
			k->cut[a] = 0;
}

/* Whether it leads from what was made later to what was there before. */
static bool leads_back(const struct maker *k, uint32_t arrow)
{
	const struct cycle_arrow *a = &k->c->arrows[arrow];
	const struct rkn_block *blocks = k->in->m->blocks;

	return blocks[k->c->nodes[a->from].block].birth >
	       blocks[k->c->nodes[a->to].block].birth;
}

/* How many nodes the head still leads to. */
static size_t count_reached(struct maker *k)
{
	size_t read = 0, end = 0;

	for (size_t n = 0; n < k->c->node_count; n++)
		k->way[n] = 0;
	k->queue[end++] = 0;
	k->way[0] = 1;
	while (read < end) {
		uint32_t n = k->queue[read++];

		for (uint32_t a = k->first[n]; a < k->first[n + 1]; a++) {
			uint32_t to = k->c->arrows[a].to;

			if (!k->cut[a] && !k->way[to]++)
				k->queue[end++] = to;
		}
	}
	return end;
}

/* How many arrows of the way round are like that. */
static size_t count_alike(const struct maker *k, const struct likeness *l,
			  const uint32_t *round, size_t count)
{
	size_t alike = 0;

	for (size_t i = 0; i < count; i++)
		alike += is_alike(k, l, round[i]);
	return alike;
}

/* What cutting an arrow would do. */
struct effect {
	size_t left;
	size_t reached;
	bool back;
};

/* Less than 0: `x` is better. */
static int compare(const struct effect *x, const struct effect *y)
{
	return ORDER(y->reached, x->reached) ?:
	       ORDER(x->left, y->left) ?:
	       ORDER(y->back, x->back);
}

static struct effect try(struct maker *k, uint32_t arrow, bool one,
			 uint8_t number)
{
	struct effect e = { .back = leads_back(k, arrow) };

	cut(k, arrow, one, number);
	e.left = count_left(k);
	e.reached = count_reached(k);
	mend(k, number);
	return e;
}

/*
 * The best pointer of a way round: the one after which the head, which was there first,
 * still leads to most, as owners do to what they own; of those one that leaves least;
 * of those one that leads back, of those the last on the way.
 */
static struct cycle_cut choose(struct maker *k, const uint32_t *round,
			       size_t count, uint8_t number)
{
	struct cycle_cut best = { RKN_NONE, RKN_NONE, false };
	struct effect best_effect = { 0 };
	struct likeness tried[MOST_KINDS];
	unsigned kinds = 0;

	for (size_t i = count; i-- > 0 && kinds < MOST_KINDS;) {
		unsigned kind = 0;
		struct effect e;
		size_t alike;
		bool one;
		int order;

		while (kind < kinds && !is_alike(k, &tried[kind], round[i]))
			kind++;
		if (kind < kinds)
			continue;
		tried[kinds++] = likeness_of(k, round[i]);
		alike = count_alike(k, &tried[kind], round, count);
		one = alike > 1 || alike == count;
		e = try(k, round[i], one, number);
		order = best.arrow == RKN_NONE ? -1 : compare(&e, &best_effect);
		if (order < 0) {
			best = (struct cycle_cut){ round[i], RKN_NONE, one };
			best_effect = e;
		} else if (!order && best.other == RKN_NONE) {
			best.other = round[i];
		}
	}
	k->c->left = best_effect.left;
	return best;
}

/* A node on a way round among those that count_left() left. */
static uint32_t find_left(const struct maker *k)
{
	const struct cycle_round *c = k->c;
	uint32_t n = 0;

	while (!k->count[n])
		n++;
	/* Backwards from there: each of them is held by another one. */
	for (size_t step = 0; step < c->node_count; step++)
		for (uint32_t i = k->first_into[n]; i < k->first_into[n + 1];
		     i++) {
			const struct cycle_arrow *a = &c->arrows[k->into[i]];

			if (!k->cut[k->into[i]] && k->count[a->from]) {
				n = a->from;
				break;
			}
		}
	return n;
}

static void index_targets(struct maker *k)
{
	const struct cycle_round *c = k->c;
	uint32_t *first = k->first_into;

	for (size_t a = 0; a < c->arrow_count; a++)
		first[c->arrows[a].to + 1]++;
	for (size_t n = 0; n < c->node_count; n++)
		first[n + 1] += first[n];
	for (uint32_t a = 0; a < c->arrow_count; a++)
		k->into[first[c->arrows[a].to]++] = a;
	/* Each start moved to its end. */
	for (size_t n = c->node_count; n > 0; n--)
		first[n] = first[n - 1];
	first[0] = 0;
}

static void choose_cuts(struct maker *k)
{
	struct cycle_round *c = k->c;
	uint32_t *round = NULL;
	size_t count;

	c->left = c->node_count;
	while (c->left && c->cut_count < CYCLE_CUTS) {
		uint8_t number = (uint8_t)(c->cut_count + 1);
		struct cycle_cut *best = &c->cuts[c->cut_count];

		if (c->cut_count) {
			count_left(k);
			round = find_round(k, find_left(k), RKN_NONE, &count);
		} else {
			round = c->round;
			count = c->round_count;
		}
		if (!count)
			break;
		*best = choose(k, round, count, number);
		cut(k, best->arrow, best->one, number);
		if (c->cut_count++)
			free(round);
	}
}

/* --- The whole -------------------------------------------------------------------- */

void cycle_round_make(struct cycle_round *c, const struct reading *in,
		      const struct finding *f)
{
	struct maker k = { .c = c, .in = in, .f = f };
	size_t nodes;

	*c = (struct cycle_round){ 0 };
	add_nodes(&k);
	if (in->m->reference_count)
		add_said(&k);
	nodes = c->node_count + 1;
	k.first = xcalloc(nodes, sizeof(*k.first));
	k.count = xcalloc(nodes, sizeof(*k.count));
	k.queue = xcalloc(nodes, sizeof(*k.queue));
	k.way = xcalloc(nodes, sizeof(*k.way));
	add_arrows(&k);
	k.into = xcalloc(c->arrow_count + 1, sizeof(*k.into));
	k.first_into = xcalloc(nodes + 1, sizeof(*k.first_into));
	index_targets(&k);
	find_first_round(&k);
	choose_cuts(&k);
	free(k.kinds);
	free(k.sorted);
	free(k.blocks);
	free(k.said);
	free(k.unnamed);
	free(k.first);
	free(k.into);
	free(k.first_into);
	free(k.cut);
	free(k.count);
	free(k.queue);
	free(k.way);
}

void cycle_round_release(struct cycle_round *c)
{
	free(c->nodes);
	free(c->arrows);
	free(c->round);
	*c = (struct cycle_round){ 0 };
}
