/* SPDX-License-Identifier: MIT */
/*
 * Findings that rest on reference counts: cycles by declared edges that stale
 * pointers still lead to, counts above and below what there is to see, and
 * wrong use that the ledger noted.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "die.h"
#include "distinct.h"
#include "hash.h"

/* Findings by kind, place and, for errors, type. */
struct ledger_group {
	struct ledger_key {
		uint32_t kind, stack, type, field;
	} key;
	uint32_t finding;
	UT_hash_handle hh;
};

static struct finding *group(struct analysis *a, struct ledger_group **table,
			     const struct ledger_key *key)
{
	struct ledger_group *g;

	HASH_FIND(hh, *table, key, sizeof(*key), g);
	if (!g) {
		g = xcalloc(1, sizeof(*g));
		g->key = *key;
		g->finding =
		    analysis_add(a, (enum finding_kind)key->kind, key->stack);
		HASH_ADD(hh, *table, key, sizeof(g->key), g);
	}
	return &a->list[g->finding];
}

static void release(struct ledger_group **table)
{
	struct ledger_group *g, *next;

	HASH_ITER (hh, *table, g, next) {
		HASH_DEL(*table, g);
		free(g);
	}
}

/* One more block, which is an instance of its own. */
static void add_instance(struct finding *f, const struct model *m,
			 uint32_t block)
{
	if (!f->count++) {
		f->least = f->most = 1;
		f->members = xcalloc(1, sizeof(*f->members));
		f->members[0] = f->shown = block;
		f->member_count = 1;
		f->instances = xcalloc(1, sizeof(*f->instances));
		f->instances[0] = block;
	}
	f->objects++;
	f->bytes += m->blocks[block].size;
}

/* --- Pointers that are no references ---------------------------------------- */

/* Is there an edge from `from` to `to` of a kind that counts, or of one that
 * does not? */
static bool is_declared(const struct model *m, uint32_t from, uint32_t to,
			bool weak)
{
	size_t first, n = model_references_of(m, to, &first);

	for (size_t i = first; i < first + n; i++)
		if (m->references[i].from == from &&
		    (m->references[i].kind == RKN_REFERENCE_WEAK) == weak)
			return true;
	return false;
}

/*
 * From an object, or from memory that is its own, a pointer to another object
 * that is declared weak keeps nothing alive, and one that is not declared at
 * all is borrowed if every reference on its target has a holder that is known.
 */
static bool is_borrowed(const struct analysis *a, const struct rkn_edge *e,
			const uint32_t *owners)
{
	const struct ledger *l = a->ledger;
	uint32_t from = owners[e->from], to = l->object_of[e->to];

	if (!from || !to || e->from == e->to)
		return false;
	if (is_declared(a->m, from, to, false))
		return false;
	return is_declared(a->m, from, to, true) ||
	       (ledger_counts(l, to) && a->m->objects[to].count &&
		!ledger_residual(l, to));
}

#define MANY UINT32_MAX /* owners, so that none is known */

static uint8_t *find_weak_holders(const struct model *m)
{
	uint8_t *weak = xcalloc(m->object_count, 1);

	for (size_t i = 0; i < m->reference_count; i++)
		if (m->references[i].kind == RKN_REFERENCE_WEAK)
			weak[m->references[i].from] = 1;
	return weak;
}

/*
 * The object whose memory each block is: itself, or the one with weak edges
 * from which alone pointers lead to it through blocks that are no objects (a
 * table, its rows). 0: none.
 */
static uint32_t *find_owners(const struct analysis *a)
{
	const struct model *m = a->m;
	const uint32_t *object_of = a->ledger->object_of;
	uint32_t *owners = xcalloc(a->g.nodes + 1u, sizeof(*owners));
	/* A block is put there at most when it gets an owner and when more. */
	uint32_t *queue = xcalloc(2u * a->g.nodes + 1u, sizeof(*queue));
	uint8_t *weak = find_weak_holders(m);
	uint32_t head = 0, tail = 0;

	for (uint32_t b = 0; b < a->g.nodes; b++) {
		owners[b] = object_of[b];
		if (a->mark[b] == LOST && weak[object_of[b]])
			queue[tail++] = b;
	}
	for (; head < tail; head++) {
		uint32_t b = queue[head];

		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++) {
			uint32_t to = m->edges[e].to;

			if (object_of[to] || a->mark[to] != LOST ||
			    owners[to] == owners[b] || owners[to] == MANY)
				continue;
			owners[to] = owners[to] ? MANY : owners[b];
			queue[tail++] = to;
		}
	}
	for (uint32_t b = 0; b < a->g.nodes; b++)
		if (owners[b] == MANY)
			owners[b] = 0;
	free(queue);
	free(weak);
	return owners;
}

void analysis_drop_borrowed(struct analysis *a)
{
	const struct model *m = a->m;
	uint32_t *owners = find_owners(a);
	uint32_t kept = 0;

	a->edges = xcalloc(a->first[a->g.nodes] + 1u, sizeof(*a->edges));
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		uint32_t e = a->first[b], end = a->first[b + 1];

		a->first[b] = kept;
		for (; e < end; e++)
			if (a->mark[b] != LOST ||
			    !is_borrowed(a, &m->edges[e], owners))
				a->edges[kept++] = m->edges[e];
	}
	a->first[a->g.nodes] = kept;
	a->g.edges = a->edges;
	free(owners);
}

/* --- Cycles that are still pointed at ----------------------------------------- */

struct orphans {
	uint32_t *component; /* of each white object */
	uint8_t *flags;      /* of each component */
	uint32_t count;
	uint32_t *queue;
	uint8_t *seen; /* of each object */
	struct ledger_group *groups;
};

enum orphan_flag { INSIDE = 1, HELD = 2, SEEN = 4 };

static void find_cycles(struct orphans *o, const struct ledger *l)
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
}

static int follow_component(const struct rkn_edge *edge, void *data)
{
	const struct orphans *o = data;

	return o->component[edge->to] == o->component[edge->from];
}

/* Alike: the same kinds of edges between objects from the same places. */
static uint64_t cycle_key(const struct orphans *o, const struct ledger *l,
			  uint32_t count)
{
	struct distinct kinds = { 0 };
	uint64_t key = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t from = o->queue[i];

		for (uint32_t e = l->first[from]; e < l->first[from + 1]; e++) {
			uint32_t to = l->edges[e].to;
			const struct rkn_reference *r =
			    &l->m->references[l->edges[e].from_word];

			if (o->component[to] != o->component[from])
				continue;
			distinct_add(
			    &kinds,
			    distinct_mix(
				distinct_mix((uint64_t)l->m->objects[from].stack
						 << 32 |
					     l->m->objects[to].stack) +
				r->field));
		}
	}
	distinct_sort(&kinds);
	for (size_t i = 0; i < kinds.count; i++)
		key = distinct_mix(key + kinds.values[i]);
	distinct_release(&kinds);
	return key;
}

/* Give the block to the finding, if it has none yet. */
static bool take(struct analysis *a, const struct finding *f, uint32_t object)
{
	uint32_t block = a->m->objects[object].block;

	if (block == RKN_NONE || a->owner[block])
		return false;
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
	struct ledger_key place = { FINDING_CYCLE, m->objects[head].stack,
				    (uint32_t)key, (uint32_t)(key >> 32) };
	struct finding *f = group(a, &o->groups, &place);
	uint32_t all;

	if (!f->count) {
		f->shown = m->objects[head].block;
		f->members = xcalloc(members, sizeof(*f->members));
		f->instances = xcalloc(1, sizeof(*f->instances));
		f->instances[0] = f->shown;
		for (uint32_t i = 0; i < members; i++)
			f->members[f->member_count++] =
			    m->objects[o->queue[i]].block;
	}
	f->evidence |= FINDING_BY_DECLARED | FINDING_BY_COUNTS;
	f->pointed_at = true;
	if (!f->count++ || members < f->least)
		f->least = members;
	if (members > f->most)
		f->most = members;
	for (uint32_t i = 0; i < members; i++)
		if (take(a, f, o->queue[i])) {
			f->objects++;
			f->bytes +=
			    m->blocks[m->objects[o->queue[i]].block].size;
		}
	/* What it leads to is white as well. */
	for (uint32_t i = 0; i < members; i++)
		o->seen[o->queue[i]] = 0;
	all = graph_mark(&l->g, &head, 1, SEEN, o->seen, NULL, NULL, o->queue);
	for (uint32_t i = 0; i < all; i++)
		if (take(a, f, o->queue[i])) {
			f->held_objects++;
			f->held_bytes +=
			    m->blocks[m->objects[o->queue[i]].block].size;
		}
}

/* Those that no pointer leads to are found by their pointers. */
void analysis_orphans(struct analysis *a)
{
	const struct ledger *l = a->ledger;
	struct orphans o = { 0 };

	find_cycles(&o, l);
	o.queue = xcalloc(l->g.nodes + 1u, sizeof(*o.queue));
	o.seen = xcalloc(l->g.nodes + 1u, 1);
	for (uint32_t i = 1; i < l->g.nodes; i++) {
		uint32_t c = o.component[i];
		uint32_t block = a->m->objects[i].block;

		if (c == UINT32_MAX || !(o.flags[c] & INSIDE) ||
		    o.flags[c] & (HELD | SEEN) || a->mark[block] == LOST)
			continue;
		o.flags[c] |= SEEN;
		add_cycle(a, &o, i);
	}
	release(&o.groups);
	free(o.component);
	free(o.flags);
	free(o.queue);
	free(o.seen);
}

/* --- Leaks that are objects ------------------------------------------------------ */

enum finding_kind analysis_leak_kind(const struct analysis *a, uint32_t block)
{
	uint32_t o = ledger_object(a->ledger, block);

	if (!o || !ledger_counts(a->ledger, o))
		return FINDING_LEAK;
	if (!a->m->objects[o].count)
		return FINDING_ZERO;
	return ledger_residual(a->ledger, o) > 0 ? FINDING_REFERENCE
						 : FINDING_LEAK;
}

/* References that nobody gave back, of all instances. */
void analysis_count_references(struct analysis *a)
{
	const struct ledger *l = a->ledger;

	for (uint32_t i = 1; i < a->m->object_count; i++) {
		uint32_t block = a->m->objects[i].block;
		struct finding *f;
		int64_t left;

		if (block == RKN_NONE || !a->owner[block] ||
		    a->mark[block] == ORPHANED)
			continue;
		f = &a->list[a->owner[block] - 1];
		f->evidence |= FINDING_BY_COUNTS;
		left = ledger_counts(l, i) ? ledger_residual(l, i) : 0;
		/* Of what a finding holds, nothing is said. */
		if (left > 0 &&
		    (f->kind == FINDING_CYCLE ||
		     f->kind == FINDING_REFERENCE) &&
		    a->is_member[block])
			f->references += (uint64_t)left;
	}
}

/* --- Counts against pointers ------------------------------------------------------- */

/* How many words anywhere point into each object's block; for an object inside
 * a block, from it to the next. */
static uint32_t *census(const struct analysis *a)
{
	const struct model *m = a->m;
	uint32_t *words = xcalloc(m->block_count + 1, sizeof(*words));

	for (size_t i = 0; i < m->edge_count; i++)
		words[m->edges[i].to]++;
	for (size_t i = 0; i < m->root_count; i++)
		words[m->roots[i].block] += m->roots[i].where != 0;
	return words;
}

static void judge(struct analysis *a, struct ledger_group **groups,
		  const uint32_t *words, uint32_t i)
{
	const struct rkn_object *o = &a->m->objects[i];
	struct ledger_key key = { .stack = o->stack, .type = o->type };
	uint64_t more = 0;
	struct finding *f;

	if (o->block == RKN_NONE || !ledger_counts(a->ledger, i))
		return;
	if (o->count < a->ledger->strong[i]) {
		key.kind = FINDING_UNDER;
		more = (uint64_t)(a->ledger->strong[i] - o->count);
	} else if (a->owner[o->block]) {
		return;
	} else if (!o->count) {
		key.kind = FINDING_ZERO;
	} else if (a->ledger->object_of[o->block] == i &&
		   o->count > words[o->block] + a->ledger->ended[i]) {
		key.kind = FINDING_OVER;
		more = (uint64_t)o->count - words[o->block] -
		       (uint64_t)a->ledger->ended[i];
	} else {
		return;
	}
	f = group(a, groups, &key);
	add_instance(f, a->m, o->block);
	f->references += more;
	f->evidence |= FINDING_BY_COUNTS;
	f->evidence |= key.kind == FINDING_UNDER ? FINDING_BY_DECLARED : 0;
	f->evidence |= key.kind == FINDING_OVER ? FINDING_BY_SCAN : 0;
}

/* References whose holder has ended. */
static void judge_holders(struct analysis *a, struct ledger_group **groups)
{
	const struct model *m = a->m;

	for (uint32_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];
		const struct rkn_object *to = &m->objects[r->to];
		struct ledger_key key = { FINDING_REFERENCE, r->stack, to->type,
					  r->field };
		struct finding *f;

		if (r->kind != RKN_REFERENCE || !r->from ||
		    !(m->objects[r->from].flags & RKN_OBJECT_ENDED) ||
		    to->block == RKN_NONE || a->owner[to->block])
			continue;
		f = group(a, groups, &key);
		f->evidence |= FINDING_BY_LEDGER;
		if (f->reference == RKN_NONE)
			f->reference = i;
		f->references++;
		add_instance(f, m, to->block);
	}
}

static void judge_errors(struct analysis *a, struct ledger_group **groups)
{
	static const enum finding_kind kinds[] = {
		[RKN_ERROR_RELEASE_AT_ZERO] = FINDING_RELEASED_AT_ZERO,
		[RKN_ERROR_REFERENCE_ON_FREED] = FINDING_ON_FREED,
		[RKN_ERROR_FREED_WHILE_HELD] = FINDING_FREED_HELD,
	};

	for (uint32_t i = 0; i < a->m->error_count; i++) {
		const struct rkn_error *e = &a->m->errors[i];
		struct ledger_key key = { kinds[e->kind], e->stack, e->type,
					  0 };
		struct finding *f = group(a, groups, &key);

		f->evidence |= FINDING_BY_LEDGER;
		f->count += e->count;
		f->references += (uint64_t)e->references;
		if (f->error == RKN_NONE)
			f->error = i;
	}
}

void analysis_ledger(struct analysis *a)
{
	struct ledger_group *groups = NULL;
	uint32_t *words;

	judge_errors(a, &groups);
	if (a->ledger) {
		words = census(a);
		judge_holders(a, &groups);
		for (uint32_t i = 1; i < a->m->object_count; i++)
			judge(a, &groups, words, i);
		free(words);
	}
	release(&groups);
}

/* --- What happened to a cycle --------------------------------------------------------- */

#define SIMULATED 64 /* references of one cycle that are tried */

struct inside {
	const struct model *m;
	uint32_t *objects; /* of the members, ascending */
	size_t count;
};

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_inside(const struct inside *in, uint32_t object)
{
	return bsearch(&object, in->objects, in->count, sizeof(object),
		       ascending) != NULL;
}

/* The best reference to give back: the one that frees most, of several the
 * newest, as it closed the cycle. */
static void try_reference(struct analysis *a, struct finding *f, uint32_t r,
			  int64_t *scratch)
{
	const struct rkn_reference *list = a->m->references;
	uint64_t bytes, n = ledger_simulate(a->ledger, r, scratch, &bytes);

	if (!n || n < f->hint_objects ||
	    (n == f->hint_objects && f->hint != RKN_NONE &&
	     list[r].order < list[f->hint].order))
		return;
	f->hint = r;
	f->hint_objects = n;
	f->hint_bytes = bytes;
}

static void explain(struct analysis *a, struct finding *f, int64_t *scratch)
{
	const struct model *m = a->m;
	struct inside in = { m, xcalloc(f->member_count, sizeof(uint32_t)), 0 };
	unsigned tried = 0;

	for (size_t i = 0; i < f->member_count; i++) {
		uint32_t o = a->ledger->object_of[f->members[i]];

		if (o)
			in.objects[in.count++] = o;
	}
	qsort(in.objects, in.count, sizeof(*in.objects), ascending);
	for (size_t i = 0; i < in.count; i++) {
		size_t first, n = model_references_of(m, in.objects[i], &first);
		uint32_t e = ledger_last_release(a->ledger, in.objects[i]);

		if (e != RKN_NONE &&
		    (f->orphaned == RKN_NONE ||
		     m->events[e].order > m->events[f->orphaned].order)) {
			f->orphaned = e;
			f->orphaned_object = in.objects[i];
		}
		for (size_t r = first; r < first + n; r++) {
			if (m->references[r].kind == RKN_REFERENCE_WEAK ||
			    !m->references[r].from ||
			    !is_inside(&in, m->references[r].from))
				continue;
			if (f->reference == RKN_NONE ||
			    m->references[r].order >
				m->references[f->reference].order)
				f->reference = (uint32_t)r;
			if (tried++ < SIMULATED)
				try_reference(a, f, (uint32_t)r, scratch);
		}
	}
	free(in.objects);
}

void analysis_explain(struct analysis *a)
{
	int64_t *scratch = xcalloc(a->m->object_count + 1, sizeof(*scratch));

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].kind == FINDING_CYCLE)
			explain(a, &a->list[i], scratch);
	free(scratch);
}
