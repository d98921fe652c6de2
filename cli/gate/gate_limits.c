/* SPDX-License-Identifier: MIT */
#include "gate_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "groups.h"
#include "region_passes.h"

/* One process whose limits are looked at. */
struct looker {
	const struct model *m;
	struct names *names;
	/* The limit in hand: */
	const struct gate_limit *limit;
	struct gate_worst *worst;
	struct gate_amount *amounts; /* by stack */
};

/* Whether it is the most so far. */
static bool note(const struct looker *k, uint64_t objects, uint64_t bytes)
{
	return gate_worst_note(k->worst, k->limit->bytes ? bytes : objects,
			       k->m);
}

static uint64_t positive(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* --- By stack ---------------------------------------------------------------- */

static void add_amount(struct looker *k, uint32_t stack, uint64_t objects,
		       uint64_t bytes)
{
	k->amounts[stack].objects += objects;
	k->amounts[stack].bytes += bytes;
}

/* Objects by where they were made known, blocks that have none by where they
 * were allocated. */
static void add_alive(struct looker *k, const char *type)
{
	const struct model *m = k->m;

	for (uint32_t i = 0; i < m->block_count; i++)
		if (!names_has_objects(k->names, i) &&
		    !strcmp(names_type(k->names, m->blocks[i].stack), type))
			add_amount(k, m->blocks[i].stack, 1, m->blocks[i].size);
	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];
		uint64_t start, end;

		if (o->block == RKN_NONE ||
		    strcmp(names_type_called(k->names, o->type), type) != 0)
			continue;
		end = names_part(k->names, i, &start);
		add_amount(k, o->stack, 1, end - start);
	}
}

static bool is_of(const struct looker *k, const struct rkn_region *r)
{
	char *name;
	bool same;

	if (k->limit->type &&
	    strcmp(names_type(k->names, r->stack), k->limit->type) != 0)
		return false;
	name = escape(model_name(k->m, r->name));
	same = !strcmp(name, k->limit->region);
	free(name);
	return same;
}

/* Of regions only blocks' rows know where they are from; false: none has it. */
static bool add_left(struct looker *k)
{
	bool any = false;

	for (size_t i = 0; i < k->m->region_count; i++) {
		const struct rkn_region *r = &k->m->regions[i];

		if (r->stack == RKN_NONE || r->type != RKN_NONE ||
		    r->made <= r->ended || !is_of(k, r))
			continue;
		add_amount(k, r->stack, r->made - r->ended,
			   positive((int64_t)(r->made_bytes - r->ended_bytes)));
		any = true;
	}
	return any;
}

static void place(struct looker *k, struct symbols *s,
		  const struct sources *sources)
{
	const char *what = "alive at the end";

	k->amounts = xcalloc(k->m->stack_count + 1, sizeof(*k->amounts));
	if (!k->limit->region)
		add_alive(k, k->limit->type);
	else if (add_left(k))
		what = "left by passes";
	else if (k->limit->type)
		add_alive(k, k->limit->type);
	gate_worst_place(k->worst, k->m, s, sources, k->amounts,
			 k->limit->bytes, what);
	free(k->amounts);
}

/* --- What there is ------------------------------------------------------------- */

/* Types that the program named count as seen when they have no object left. */
static bool was_made(const struct model *m, const char *type)
{
	for (size_t i = 1; i < m->name_count; i++)
		if (m->names[i].made &&
		    !strcmp(model_name(m, (uint32_t)i), type))
			return true;
	return false;
}

static bool add_live(const struct looker *k, const struct groups *groups)
{
	const char *type = k->limit->type;
	bool most = was_made(k->m, type) && note(k, 0, 0);

	for (size_t i = 0; i < groups->count; i++)
		if (!strcmp(groups->list[i].key, type))
			most |= note(k, groups->list[i].live,
				     groups->list[i].bytes);
	return most;
}

static bool add_row(const struct looker *k, const struct passed_row *r)
{
	return note(k, positive((int64_t)(r->made - r->ended)),
		    positive(r->bytes));
}

static bool add_region(const struct looker *k, const struct passed_region *p)
{
	bool most;

	if (!k->limit->type)
		return add_row(k, &p->total);
	most = note(k, 0, 0);
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->rows[i].type, k->limit->type))
			most |= add_row(k, &p->rows[i]);
	return most;
}

static bool add_passes(const struct looker *k,
		       const struct region_passes *regions)
{
	bool most = false;

	for (size_t i = 0; i < regions->count; i++)
		if (!strcmp(k->limit->region, regions->list[i].name))
			most |= add_region(k, &regions->list[i]);
	return most;
}

static void add_peak(struct gate *g, struct looker *k, struct symbols *s)
{
	const struct model *m = k->m;

	if (!gate_worst_note(&g->peak, m->meta.peak_bytes, m) ||
	    m->meta.peak_bytes <= g->options.most_peak)
		return;
	k->amounts = xcalloc(m->stack_count + 1, sizeof(*k->amounts));
	for (uint32_t i = 0; i < m->stack_count; i++)
		add_amount(k, i, m->stacks[i].allocations,
			   m->stacks[i].allocated_bytes);
	gate_worst_place(&g->peak, m, s, g->sources, k->amounts, true,
			 "allocated in the whole run");
	free(k->amounts);
}

void gate_limits_open(struct gate *g)
{
	if (!g->worst)
		g->worst =
		    xcalloc(g->options.limit_count + 1, sizeof(*g->worst));
}

void gate_limits_add(struct gate *g, const struct model *m, struct symbols *s,
		     struct names *names)
{
	struct looker k = { .m = m, .names = names };
	struct region_passes regions;
	struct groups groups;

	add_peak(g, &k, s);
	if (!g->options.limit_count)
		return;
	gate_limits_open(g);
	groups_make(&groups, m, s, names, GROUP_BY_TYPE, GROUP_LIVE,
		    GROUP_EVERYTHING);
	region_passes_make(&regions, m, names, false);
	for (size_t i = 0; i < g->options.limit_count; i++) {
		bool most;

		k.limit = &g->options.limits[i];
		k.worst = &g->worst[i];
		most = k.limit->region ? add_passes(&k, &regions)
				       : add_live(&k, &groups);
		if (most && k.worst->value > k.limit->most)
			place(&k, s, g->sources);
	}
	groups_release(&groups);
	region_passes_release(&regions);
}

static bool is_lost(enum finding_kind kind)
{
	return kind == FINDING_LEAK || kind == FINDING_CYCLE ||
	       kind == FINDING_REFERENCE;
}

bool gate_limits_cover(const struct gate_options *o, enum finding_kind kind)
{
	return (o->most_leaked_bytes != GATE_UNLIMITED ||
		o->most_leaked_objects != GATE_UNLIMITED) &&
	       is_lost(kind);
}

/* `n` of `share` in `whole`, rounded up. */
static uint64_t share_of(uint64_t n, uint64_t share, uint64_t whole)
{
	return (uint64_t)ceil((double)n * ((double)share / (double)whole));
}

struct gate_excess gate_limits_excess(const struct issue *i)
{
	struct gate_excess e = { i->bytes + i->held_bytes,
				 i->objects + i->held_objects };

	if (i->state == ISSUE_SUPPRESSED || i->state == ISSUE_KNOWN ||
	    !is_lost(i->kind))
		return (struct gate_excess){ 0 };
	if (i->state == ISSUE_NEW)
		return e;
	e.bytes -= e.bytes < i->known_bytes ? e.bytes : i->known_bytes;
	e.objects =
	    i->count > i->known_count
		? share_of(e.objects, i->count - i->known_count, i->count)
		: 0;
	return e;
}

bool gate_limits_count(const struct gate_options *o, const struct issue *i)
{
	struct gate_excess e = gate_limits_excess(i);

	return gate_limits_cover(o, i->kind) && (e.bytes || e.objects);
}
