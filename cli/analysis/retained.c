/* SPDX-License-Identifier: MIT */
#include "retained.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"
#include "number_sets.h"
#include "progress.h"

#define UNSEEN UINT32_MAX /* no way has led to it yet */
#define LEAST  (1u << 16) /* nodes of sets that there may always be */
#define LEAF   64         /* labels that need no tree */

enum flow_state {
	PASSED = 1, /* its turn in the order was */
	QUEUED = 2,
	FINAL = 4, /* ways begin there: its set is known, and pushing is
			spared */
};

/* One solution, for labels from `from` on and below `end`. */
struct flow {
	const struct holding *h;
	const struct retained_labels *labels;
	uint32_t from, end;
	struct number_sets sets;
	uint32_t *set;   /* per block: the labels on all ways to it */
	uint8_t *state;  /* per block: enum flow_state */
	uint32_t *order; /* blocks in reverse postorder */
	uint32_t *queue; /* a ring */
	uint32_t head, waiting;
};

/* --- The order ------------------------------------------------------------------ */

struct visit {
	const struct holding *h;
	uint8_t *seen;
	uint32_t *stack, *next; /* blocks on the way, the edge to follow next */
	uint32_t *order;
	uint32_t left; /* places at the front of order[] */
};

static void visit_from(struct visit *v, uint32_t entry)
{
	const struct graph *g = &v->h->g;
	uint32_t depth = 0;

	if (v->seen[entry])
		return;
	v->seen[entry] = 1;
	v->stack[0] = entry;
	v->next[depth++] = g->first[entry];
	while (depth) {
		uint32_t block = v->stack[depth - 1], to;

		if (v->next[depth - 1] == g->first[block + 1]) {
			v->order[--v->left] = block;
			depth--;
			continue;
		}
		to = g->edges[v->next[depth - 1]++].to;
		if (v->seen[to])
			continue;
		v->seen[to] = 1;
		v->stack[depth] = to;
		v->next[depth++] = g->first[to];
	}
}

/* All blocks, each before those to which it leads but for pointers back; `stack`
 * is memory. */
static uint32_t *make_order(const struct holding *h, uint32_t *stack)
{
	struct visit v = { .h = h, .stack = stack, .left = h->g.nodes };

	v.seen = xcalloc(h->g.nodes + 1ul, 1);
	v.next = xcalloc(h->g.nodes + 1ul, sizeof(*v.next));
	v.order = xcalloc(h->g.nodes + 1ul, sizeof(*v.order));
	/* What roots lead to first: the lost do not lead there. */
	for (uint32_t b = 0; b < h->g.nodes; b++)
		if (h->mark[b] == HOLDING_ROOTED)
			visit_from(&v, b);
	for (uint32_t b = 0; b < h->g.nodes; b++)
		if (holding_source(h, b) != UINT32_MAX)
			visit_from(&v, b);
	free(v.next);
	free(v.seen);
	return v.order;
}

/* --- Labels ----------------------------------------------------------------------- */

static uint32_t with_label(struct flow *f, uint32_t set, uint32_t label)
{
	return label >= f->from && label < f->end
		   ? number_sets_add(&f->sets, set, label - f->from)
		   : set;
}

/* A reference that no pointer shows has no place. */
static uint32_t label_of_place(const struct retained_labels *l,
			       const struct rkn_edge *e)
{
	const struct retained_part *parts = l->parts;
	uint64_t offset = 8ull * e->from_word;
	size_t at = LOWER_BOUND(
	    l->part_count, i,
	    parts[i].block < e->from ||
		(parts[i].block == e->from && parts[i].end <= offset));

	return at < l->part_count && parts[at].block == e->from &&
		       parts[at].start <= offset
		   ? parts[at].label
		   : RETAINED_NONE;
}

/* --- The flow ----------------------------------------------------------------------- */

static void push(struct flow *f, const struct rkn_edge *e, bool parts)
{
	uint32_t to = e->to, set = f->set[e->from], old = f->set[to];

	if (f->state[to] & FINAL || (f->h->mark[to] && !f->h->mark[e->from]))
		return;
	if (parts)
		set = with_label(f, set, label_of_place(f->labels, e));
	if (old != UNSEEN)
		set = number_sets_meet(&f->sets, old, set);
	set = with_label(f, set, f->labels->of_block[to]);
	if (set == old)
		return;
	f->set[to] = set;
	if ((f->state[to] & (PASSED | QUEUED)) != PASSED)
		return;
	f->state[to] |= QUEUED;
	f->queue[((size_t)f->head + f->waiting++) % f->h->g.nodes] = to;
}

static void push_all(struct flow *f, uint32_t block)
{
	const struct graph *g = &f->h->g;
	bool parts = f->labels->part_count &&
		     f->labels->of_block[block] == RETAINED_NONE;

	for (uint32_t e = g->first[block]; e < g->first[block + 1]; e++)
		push(f, &g->edges[e], parts);
}

static void flow_solve(struct flow *f)
{
	uint32_t nodes = f->h->g.nodes;

	progress_begin("looking for what keeps what", NULL, nodes);
	for (uint32_t i = 0; i < nodes && !f->sets.full; i++) {
		progress_at(i);
		f->state[f->order[i]] |= PASSED;
		push_all(f, f->order[i]);
	}
	while (f->waiting && !f->sets.full) {
		uint32_t block = f->queue[f->head];

		f->head = (f->head + 1) % nodes;
		f->waiting--;
		f->state[block] &= (uint8_t)~QUEUED;
		push_all(f, block);
	}
	progress_end();
}

/* Nothing is known yet; labels are `from` and on, below `end`. */
static void flow_begin(struct flow *f, uint32_t from, uint32_t end)
{
	uint32_t nodes = f->h->g.nodes;
	uint32_t most = f->labels->room ? f->labels->room
			: nodes > LEAST ? nodes
					: LEAST;

	f->from = from;
	f->end = end;
	f->head = f->waiting = 0;
	number_sets_init(&f->sets, end - from,
			 end - from <= LEAF ? UINT32_MAX : most);
	memset(f->set, 0xff, nodes * sizeof(*f->set));
	memset(f->state, 0, nodes);
}

static void flow_open(struct flow *f, const struct holding *h,
		      const struct retained_labels *labels)
{
	*f = (struct flow){ .h = h, .labels = labels };
	f->queue = xcalloc(h->g.nodes + 1ul, sizeof(*f->queue));
	f->order = make_order(h, f->queue);
	f->set = xcalloc(h->g.nodes + 1ul, sizeof(*f->set));
	f->state = xcalloc(h->g.nodes + 1ul, 1);
}

static void flow_close(struct flow *f)
{
	free(f->queue);
	free(f->order);
	free(f->set);
	free(f->state);
}

/* --- Sums --------------------------------------------------------------------------- */

/* What is lost together is free if one of it is: it holds itself only. */
static void enter_lost(struct flow *f)
{
	const struct holding *h = f->h;
	uint32_t *all = xcalloc(h->components + 1ul, sizeof(*all));

	for (uint32_t b = 0; b < h->g.nodes; b++) {
		uint32_t c = holding_source(h, b);

		if (c != UINT32_MAX)
			all[c] = with_label(f, all[c], f->labels->of_block[b]);
	}
	for (uint32_t b = 0; b < h->g.nodes; b++) {
		uint32_t c = holding_source(h, b);

		if (c == UINT32_MAX)
			continue;
		f->set[b] = all[c];
		f->state[b] |= FINAL;
	}
	free(all);
}

static void add_part(const struct flow *f, struct retained_sum *sums,
		     const struct retained_part *p)
{
	if (p->label < f->from || p->label >= f->end ||
	    number_sets_has(&f->sets, f->set[p->block], p->label - f->from))
		return;
	sums[p->label].objects++;
	sums[p->label].bytes += p->end - p->start;
}

static void add_sums(struct flow *f, struct retained_sum *sums)
{
	const struct retained_labels *l = f->labels;
	size_t count = f->end - f->from, room = (count | (LEAF - 1)) + 1;
	uint64_t *by_set = xcalloc(f->sets.count, sizeof(*by_set));
	uint64_t *by_label = xcalloc(room, sizeof(*by_label));

	for (uint32_t b = 0; b < f->h->g.nodes; b++)
		by_set[f->set[b]] +=
		    l->objects && l->objects[b] ? l->objects[b] : 1;
	number_sets_spread(&f->sets, by_set, by_label);
	for (uint32_t i = 0; i < count; i++)
		sums[f->from + i].objects = by_label[i];
	memset(by_set, 0, f->sets.count * sizeof(*by_set));
	memset(by_label, 0, room * sizeof(*by_label));
	for (uint32_t b = 0; b < f->h->g.nodes; b++)
		by_set[f->set[b]] += f->h->m->blocks[b].size;
	number_sets_spread(&f->sets, by_set, by_label);
	for (uint32_t i = 0; i < count; i++)
		sums[f->from + i].bytes = by_label[i];
	for (size_t i = 0; !l->places && i < l->part_count; i++)
		add_part(f, sums, &l->parts[i]);
	free(by_set);
	free(by_label);
}

void retained_by_label(struct retained_sum *sums, const struct holding *h,
		       const struct retained_labels *l)
{
	uint32_t range = l->count, from = 0;
	struct flow f;

	flow_open(&f, h, l);
	/* As many labels at once as the room for their sets allows. */
	while (from < l->count) {
		uint32_t end =
		    l->count - from < range ? l->count : from + range;

		flow_begin(&f, from, end);
		for (uint32_t b = 0; b < h->g.nodes; b++)
			if (h->mark[b] == HOLDING_ROOTED) {
				f.set[b] = with_label(&f, NUMBER_SETS_EMPTY,
						      l->of_block[b]);
				f.state[b] |= FINAL;
			}
		enter_lost(&f);
		flow_solve(&f);
		if (f.sets.full) {
			range = range / 4 > LEAF ? range / 4 : LEAF;
		} else {
			add_sums(&f, sums);
			from = end;
		}
		number_sets_release(&f.sets);
	}
	flow_close(&f);
}
