/* SPDX-License-Identifier: MIT */
/*
 * Cycles by declared edges that pointers still lead to, as stale or borrowed
 * ones do. Those that no pointer leads to are found by their pointers.
 */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "value_set.h"

struct orphans {
	uint32_t *component; /* of each white object */
	uint8_t *flags;      /* of each component */
	uint32_t count;
	uint32_t *queue;
	uint8_t *seen; /* of each object */
	struct finding_group *groups;
};

enum orphan_flag { INSIDE = 1, HELD = 2, SEEN = 4 };

static int follow_component(const struct rkn_edge *edge, void *data)
{
	const struct orphans *o = data;

	return o->component[edge->to] == o->component[edge->from];
}

/* Alike: the same kinds of edges between objects from the same places. */
static uint64_t cycle_key(const struct orphans *o, const struct ledger *l,
			  uint32_t count)
{
	struct value_set kinds = { 0 };
	uint64_t key;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t from = o->queue[i];

		for (uint32_t e = l->first[from]; e < l->first[from + 1]; e++) {
			uint32_t to = l->edges[e].to;
			const struct rkn_reference *r =
			    &l->m->references[l->edges[e].from_word];

			if (o->component[to] != o->component[from])
				continue;
			value_set_add(
			    &kinds,
			    value_set_mix(
				value_set_mix(
				    (uint64_t)l->m->objects[from].stack << 32 |
				    l->m->objects[to].stack) +
				r->field));
		}
	}
	key = value_set_hash(&kinds);
	value_set_release(&kinds);
	return key;
}

/* Give the object to the finding, if it has none yet, and its block with it if
 * no other is in that. The bytes; false: somebody else has it. */
static bool take(struct analysis *a, const struct finding *f, uint32_t object,
		 uint64_t *bytes)
{
	const struct block_objects *c = &a->ledger->contents;
	uint32_t block = a->m->objects[object].block;

	if (block == RKN_NONE || a->taken[object])
		return false;
	a->taken[object] = 1;
	*bytes += block_objects_bytes(c, object);
	if (c->count[block] > 1)
		return true;
	a->owner[block] = 1 + (uint32_t)(f - a->list);
	a->mark[block] = ORPHANED;
	return true;
}

static void add_cycle(struct analysis *a, struct orphans *o, uint32_t head)
{
	const struct ledger *l = a->ledger;
	const struct model *m = a->m;
	uint32_t members = graph_mark(&l->g, &head, 1, SEEN, o->seen,
				      follow_component, o, o->queue);
	uint64_t key = cycle_key(o, l, members);
	struct finding_key place = { FINDING_CYCLE, m->objects[head].stack,
				     (uint32_t)key, (uint32_t)(key >> 32) };
	struct finding *f = analysis_group(a, &o->groups, &place);
	uint32_t all;

	if (!f->count) {
		f->shown = m->objects[head].block;
		f->members = xcalloc(members, sizeof(*f->members));
		f->instances = xcalloc(1, sizeof(*f->instances));
		f->instances[0] = f->shown;
		f->member_objects =
		    xcalloc(members, sizeof(*f->member_objects));
		for (uint32_t i = 0; i < members; i++) {
			f->member_objects[i] = o->queue[i];
			f->members[f->member_count++] =
			    m->objects[o->queue[i]].block;
		}
	}
	f->evidence |= FINDING_BY_DECLARED | FINDING_BY_COUNTS;
	f->pointed_at = true;
	if (!f->count++ || members < f->least)
		f->least = members;
	if (members > f->most)
		f->most = members;
	for (uint32_t i = 0; i < members; i++)
		f->objects += take(a, f, o->queue[i], &f->bytes);
	/* What it leads to is white as well. */
	for (uint32_t i = 0; i < members; i++)
		o->seen[o->queue[i]] = 0;
	all = graph_mark(&l->g, &head, 1, SEEN, o->seen, NULL, NULL, o->queue);
	for (uint32_t i = 0; i < all; i++)
		f->held_objects += take(a, f, o->queue[i], &f->held_bytes);
}

static void search_begin(struct orphans *o, const struct ledger *l)
{
	uint32_t *memory =
	    xcalloc(graph_components_memory(l->g.nodes), sizeof(*memory));

	o->component = xcalloc(l->g.nodes + 1u, sizeof(*o->component));
	o->count = graph_components(&l->g, l->mark, LEDGER_WHITE, o->component,
				    memory);
	o->flags = xcalloc(o->count + 1u, 1);
	for (uint32_t i = 0; i < l->first[l->g.nodes]; i++) {
		uint32_t from = o->component[l->edges[i].from];
		uint32_t to = o->component[l->edges[i].to];

		if (from == UINT32_MAX || to == UINT32_MAX)
			continue;
		o->flags[to] |= from == to ? INSIDE : HELD;
	}
	free(memory);
	o->queue = xcalloc(l->g.nodes + 1u, sizeof(*o->queue));
	o->seen = xcalloc(l->g.nodes + 1u, 1);
}

static void search_end(struct orphans *o)
{
	analysis_release_groups(&o->groups);
	free(o->component);
	free(o->flags);
	free(o->queue);
	free(o->seen);
}

/* Is `object` of a cycle that nothing white holds, and the first of it to be
 * asked for? */
static bool is_new_cycle(struct orphans *o, uint32_t object)
{
	uint32_t c = o->component[object];

	if (c == UINT32_MAX || !(o->flags[c] & INSIDE) ||
	    o->flags[c] & (HELD | SEEN))
		return false;
	o->flags[c] |= SEEN;
	return true;
}

void analysis_orphans(struct analysis *a)
{
	const struct ledger *l = a->ledger;
	struct orphans o = { 0 };

	search_begin(&o, l);
	for (uint32_t i = 1; i < l->g.nodes; i++)
		if (o.component[i] != UINT32_MAX &&
		    a->mark[a->m->objects[i].block] != LOST &&
		    is_new_cycle(&o, i))
			add_cycle(a, &o, i);
	search_end(&o);
}

void analysis_orphans_hold(struct analysis *a)
{
	const struct ledger *l = a->ledger;
	struct orphans o = { 0 };

	search_begin(&o, l);
	for (uint32_t i = 1; i < l->g.nodes; i++) {
		uint32_t block = a->m->objects[i].block, all;
		struct finding *f;

		if (block == RKN_NONE || !a->owner[block])
			continue;
		/* Of cycles that no pointer leads to. */
		f = &a->list[a->owner[block] - 1];
		if (f->kind != FINDING_CYCLE || f->pointed_at ||
		    !a->is_member[block] || !is_new_cycle(&o, i))
			continue;
		all =
		    graph_mark(&l->g, &i, 1, SEEN, o.seen, NULL, NULL, o.queue);
		for (uint32_t k = 0; k < all; k++)
			if (!a->owner[a->m->objects[o.queue[k]].block])
				f->held_objects +=
				    take(a, f, o.queue[k], &f->held_bytes);
	}
	search_end(&o);
}
