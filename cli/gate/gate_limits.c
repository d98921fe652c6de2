/* SPDX-License-Identifier: MIT */
#include "gate_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "groups.h"
#include "mapped.h"
#include "nearest.h"
#include "peak.h"
#include "region_passes.h"

/* One process whose limits are looked at. */
struct looker {
	const struct reading *in;
	/* The limit in hand: */
	const struct gate_limit *limit;
	struct gate_worst *worst;
	struct gate_amount *amounts; /* by stack */
};

static uint64_t positive(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* "malloc in parse", of what version 0.1 called all that parse allocates, which
 * is what people's limits mean; or "calloc in parse": the C type may be known. */
static bool is_call(const char *type)
{
	return type && strstr(type, " in ");
}

/* Whether blocks from `stack` are of the type in hand. */
static bool is_meant(const struct looker *k, uint32_t stack)
{
	const char *type = k->limit->type;

	return !strcmp(names_type(k->in->names, stack), type) ||
	       !strcmp(names_call(k->in->names, stack), type) ||
	       !strcmp(names_type_before(k->in->names, stack), type);
}

/* --- By stack ---------------------------------------------------------------- */

static void add_amount(struct looker *k, uint32_t stack, uint64_t objects,
		       uint64_t bytes)
{
	k->amounts[stack].objects += objects;
	k->amounts[stack].bytes += bytes;
}

/* What was alive at the end: objects by where they were announced, blocks
 * without objects by where they were allocated. */
static void add_alive(struct looker *k)
{
	const struct model *m = k->in->m;
	const char *type = k->limit->type;

	for (uint32_t i = 0; i < m->block_count; i++)
		if (!names_has_objects(k->in->names, i) &&
		    is_meant(k, m->blocks[i].stack))
			add_amount(k, m->blocks[i].stack, 1, m->blocks[i].size);
	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];
		uint64_t start, end;

		if (o->block == RKN_NONE ||
		    strcmp(names_type_called(k->in->names, o->type), type) != 0)
			continue;
		end = names_part(k->in->names, i, &start);
		add_amount(k, o->stack, 1, end - start);
	}
}

/* What passes left. Of regions only blocks' rows know where these are from;
 * false: there is no such row. */
static bool add_left(struct looker *k)
{
	const struct gate_limit *l = k->limit;
	bool any = false;

	for (size_t i = 0; i < k->in->m->region_count; i++) {
		const struct rkn_region *r = &k->in->m->regions[i];
		char *name;
		bool same;

		if (r->stack == RKN_NONE || r->type != RKN_NONE ||
		    r->made <= r->ended || (l->type && !is_meant(k, r->stack)))
			continue;
		name = escape(model_name(k->in->m, r->name));
		same = !strcmp(name, l->region);
		free(name);
		if (!same)
			continue;
		add_amount(k, r->stack, r->made - r->ended,
			   positive((int64_t)(r->made_bytes - r->ended_bytes)));
		any = true;
	}
	return any;
}

/* --- What there is ------------------------------------------------------------- */

/* Notes an amount; true if it is the most so far. */
static bool note(const struct looker *k, uint64_t objects, uint64_t bytes)
{
	return gate_worst_note(k->worst, k->limit->bytes ? bytes : objects,
			       k->in->m);
}

/* What is alive at the end; true if it is the most so far. */
static bool note_live(const struct looker *k, const struct groups *groups)
{
	const struct model *m = k->in->m;
	const char *type = k->limit->type;
	uint64_t objects = 0, bytes = 0;
	bool most = false, seen = false;

	if (is_call(type)) {
		for (uint32_t i = 0; i < m->block_count; i++) {
			if (names_has_objects(k->in->names, i) ||
			    !is_meant(k, m->blocks[i].stack))
				continue;
			objects++;
			bytes += m->blocks[i].size;
		}
		for (uint32_t i = 1; i < m->stack_count; i++)
			seen |= m->stacks[i].allocations && is_meant(k, i);
		return (seen || objects) && note(k, objects, bytes);
	}
	/* Types that the program named are seen without any object left, too. */
	for (uint32_t i = 1; i < m->name_count; i++)
		if (m->names[i].made && !strcmp(model_name(m, i), type))
			most |= note(k, 0, 0);
	for (size_t i = 0; i < groups->count; i++)
		if (!strcmp(groups->list[i].key, type))
			most |= note(k, groups->list[i].live,
				     groups->list[i].bytes);
	return most;
}

static bool note_row(const struct looker *k, const struct passed_row *r)
{
	return note(k, positive((int64_t)(r->made - r->ended)),
		    positive(r->bytes));
}

/* Of the region's rows of blocks. */
static bool note_passes_before(const struct looker *k)
{
	struct passed_row sum = { 0 };
	bool any = false;

	for (size_t i = 0; i < k->in->m->region_count; i++) {
		const struct rkn_region *r = &k->in->m->regions[i];
		char *name;

		if (r->stack == RKN_NONE || r->type != RKN_NONE ||
		    !is_meant(k, r->stack))
			continue;
		name = escape(model_name(k->in->m, r->name));
		if (!strcmp(name, k->limit->region)) {
			sum.made += r->made;
			sum.ended += r->ended;
			sum.bytes += (int64_t)(r->made_bytes - r->ended_bytes);
			any = true;
		}
		free(name);
	}
	return any && note_row(k, &sum);
}

/* Whether the process made anything of the type in hand, whatever became of it;
 * else notes the type that may be meant. */
static bool is_made(const struct looker *k)
{
	const struct model *m = k->in->m;
	struct nearest n;

	nearest_begin(&n, k->limit->type);
	for (uint32_t i = 1; i < m->name_count; i++) {
		if (!m->names[i].made)
			continue;
		if (!strcmp(model_name(m, i), k->limit->type))
			return true;
		nearest_try(&n, model_name(m, i));
	}
	for (uint32_t i = 1; i < m->stack_count; i++) {
		if (!m->stacks[i].allocations)
			continue;
		if (is_meant(k, i))
			return true;
		nearest_try(&n, names_type(k->in->names, i));
		nearest_try(&n, names_call(k->in->names, i));
	}
	if (!k->worst->seen && !k->worst->meant && n.word)
		k->worst->meant = xstrdup(n.word);
	k->worst->typeless = true;
	return false;
}

/* What all passes of the region left; true if it is the most so far. */
static bool note_passes(const struct looker *k,
			const struct region_passes *regions)
{
	const char *type = k->limit->type;
	bool most = false;

	for (size_t i = 0; i < regions->count; i++) {
		const struct passed_region *p = &regions->list[i];

		if (strcmp(k->limit->region, p->name) != 0 ||
		    (type && !is_made(k)))
			continue;
		most |= type ? note(k, 0, 0) : note_row(k, &p->total);
		if (is_call(type))
			most |= note_passes_before(k);
		for (size_t n = 0; type && !is_call(type) && n < p->count; n++)
			if (!strcmp(p->rows[n].type, type))
				most |= note_row(k, &p->rows[n]);
	}
	return most;
}

void gate_limits_open(struct gate *g)
{
	if (!g->worst)
		g->worst =
		    xcalloc(g->options.limit_count + 1, sizeof(*g->worst));
}

/* What was alive at the peak; of an older recording all that was allocated. */
static void place_peak(struct gate *g, struct looker *k)
{
	const struct model *m = k->in->m;
	bool known = !peak_why_unknown(m);

	k->amounts = xcalloc(m->stack_count + 1, sizeof(*k->amounts));
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct rkn_stack *s = &m->stacks[i];

		add_amount(k, i, known ? s->peak_blocks : s->allocations,
			   known ? s->peak_bytes : s->allocated_bytes);
	}
	gate_worst_place(
	    &g->peak, k->in, g->sources, k->amounts, true, "object",
	    known ? "alive at the peak" : "allocated in the whole run");
	g->peak.shown_by =
	    known ? "objects --at " PEAK_NAME : "objects --churn";
	free(k->amounts);
}

/* Mappings to which no pointer was found, and where they were made. */
static void add_lost(struct gate *g, struct looker *k)
{
	const struct model *m = k->in->m;
	const char *why = mapped_unjudged(m);
	uint64_t bytes, count = mapped_lost(m, &bytes), beside;

	g->lost_mappings += count;
	g->lost_bytes += bytes;
	g->beside += mapped_beside(m, &beside);
	g->beside_bytes += beside;
	/* Of an incomplete recording that rule speaks. */
	if (why && mapped_any(m) && m->meta.flags & RKN_META_SNAPSHOT &&
	    !g->unjudged++) {
		gate_worst_note(&g->unjudged_first, 0, m);
		g->unjudged_why = why;
	}
	if (why || !gate_worst_note(&g->lost, bytes, m) ||
	    bytes <= g->options.lost_mapped.most)
		return;
	k->amounts = xcalloc(m->stack_count + 1, sizeof(*k->amounts));
	for (size_t i = 0; i < m->mapped_count; i++) {
		const struct rkn_mapped *r = &m->mapped[i];

		if (mapped_is_lost(r))
			add_amount(k, m->mapped_sites[r->site].stack, 1,
				   r->end - r->start);
	}
	gate_worst_place(&g->lost, k->in, g->sources, k->amounts, true,
			 "mapping", "mapped and lost");
	g->lost.shown_by = "leaks";
	free(k->amounts);
}

void gate_limits_add(struct gate *g, const struct reading *in)
{
	const struct model *m = in->m;
	struct looker k = { .in = in };
	struct region_passes regions;
	struct groups groups;

	if (gate_worst_note(&g->peak, m->meta.peak_bytes, m) &&
	    m->meta.peak_bytes > g->options.peak.most)
		place_peak(g, &k);
	add_lost(g, &k);
	if (!g->options.limit_count)
		return;
	gate_limits_open(g);
	groups_make(&groups, in, GROUP_BY_TYPE, GROUP_LIVE, GROUP_EVERYTHING);
	region_passes_make(&regions, in, false);
	for (size_t i = 0; i < g->options.limit_count; i++) {
		const struct gate_limit *l = &g->options.limits[i];
		const char *what = "alive at the end";

		k.limit = l;
		k.worst = &g->worst[i];
		if (!(l->region ? note_passes(&k, &regions)
				: note_live(&k, &groups)) ||
		    k.worst->value <= l->most)
			continue;
		k.amounts = xcalloc(m->stack_count + 1, sizeof(*k.amounts));
		if (l->region && add_left(&k))
			what = "left by passes";
		else if (l->type)
			add_alive(&k);
		gate_worst_place(k.worst, in, g->sources, k.amounts, l->bytes,
				 "object", what);
		k.worst->shown_by = l->region ? "regions" : "objects";
		free(k.amounts);
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
	return (o->leaked_bytes.most != GATE_UNLIMITED ||
		o->leaked_objects.most != GATE_UNLIMITED) &&
	       is_lost(kind);
}

struct gate_excess gate_limits_excess(const struct issue *i)
{
	struct gate_excess e = { i->bytes + i->held_bytes,
				 i->objects + i->held_objects };
	uint64_t more =
	    i->count > i->known_count ? i->count - i->known_count : 0;

	if (i->state == ISSUE_SUPPRESSED || i->state == ISSUE_KNOWN ||
	    !is_lost(i->kind))
		return (struct gate_excess){ 0 };
	if (i->state == ISSUE_NEW)
		return e;
	e.bytes -= e.bytes < i->known_bytes ? e.bytes : i->known_bytes;
	e.objects = more ? (uint64_t)ceil((double)e.objects *
					  ((double)more / (double)i->count))
			 : 0;
	return e;
}

bool gate_limits_count(const struct gate_options *o, const struct issue *i)
{
	struct gate_excess e = gate_limits_excess(i);

	return gate_limits_cover(o, i->kind) && (e.bytes || e.objects);
}
