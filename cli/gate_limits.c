/* SPDX-License-Identifier: MIT */
#include "gate_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "groups.h"
#include "passes.h"

static void note(struct gate_limit *l, uint64_t objects, uint64_t bytes,
		 const struct model *m)
{
	uint64_t value = l->bytes ? bytes : objects;

	if (!l->seen || value > l->worst) {
		l->worst = value;
		free(l->worst_of);
		l->worst_of = xstrdup(model_text(m, m->meta.program));
	}
	l->seen = true;
}

static uint64_t positive(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* Types that the program named count as seen when they have no object left. */
static bool was_made(const struct model *m, const char *type)
{
	for (size_t i = 1; i < m->name_count; i++)
		if (m->names[i].made &&
		    !strcmp(model_name(m, (uint32_t)i), type))
			return true;
	return false;
}

static void add_live(struct gate_options *o, const struct model *m,
		     const struct groups *g)
{
	for (size_t i = 0; i < o->limit_count; i++) {
		struct gate_limit *l = &o->limits[i];

		if (l->region)
			continue;
		if (was_made(m, l->type))
			note(l, 0, 0, m);
		for (size_t k = 0; k < g->count; k++)
			if (!strcmp(g->list[k].key, l->type))
				note(l, g->list[k].live, g->list[k].bytes, m);
	}
}

static void add_row(struct gate_limit *l, const struct pass_row *r,
		    const struct model *m)
{
	note(l, positive((int64_t)(r->made - r->ended)), positive(r->bytes), m);
}

static void add_passes(struct gate_options *o, const struct model *m,
		       const struct pass_region *p)
{
	for (size_t i = 0; i < o->limit_count; i++) {
		struct gate_limit *l = &o->limits[i];

		if (!l->region || strcmp(l->region, p->name))
			continue;
		if (!l->type)
			add_row(l, &p->total, m);
		else
			note(l, 0, 0, m);
		for (size_t k = 0; l->type && k < p->count; k++)
			if (!strcmp(p->rows[k].type, l->type))
				add_row(l, &p->rows[k], m);
	}
}

void gate_limits_add(struct gate_options *o, const struct model *m,
		     struct symbols *s, struct names *names)
{
	struct pass_regions regions;
	struct groups g;

	if (!o->limit_count)
		return;
	groups_make(&g, m, s, names, GROUP_BY_TYPE, GROUP_LIVE,
		    GROUP_EVERYTHING);
	add_live(o, m, &g);
	groups_release(&g);
	passes_make(&regions, m, names, false);
	for (size_t i = 0; i < regions.count; i++)
		add_passes(o, m, &regions.list[i]);
	passes_release(&regions);
}

static bool is_lost(const struct issue *i)
{
	return i->kind == FINDING_LEAK || i->kind == FINDING_CYCLE ||
	       i->kind == FINDING_REFERENCE;
}

bool gate_limits_cover(const struct gate_options *o, const struct issue *i)
{
	return (o->most_leaked_bytes != GATE_UNLIMITED ||
		o->most_leaked_objects != GATE_UNLIMITED) &&
	       is_lost(i);
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
	    !is_lost(i))
		return (struct gate_excess){ 0 };
	if (i->state == ISSUE_NEW)
		return e;
	e.bytes -= e.bytes < i->known_bytes ? e.bytes : i->known_bytes;
	e.objects = i->count > i->known_count
			? share_of(e.objects, i->count - i->known_count,
				   i->count)
			: 0;
	return e;
}
