/* SPDX-License-Identifier: MIT */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "growth_threads.h"
#include "list.h"
#include "place.h"

struct maker {
	struct growth_threads threads;
	const struct rkn_region *records; /* of the region */
	size_t count;
};

/* --- Rows -------------------------------------------------------------------- */

static uint32_t stack_of(const struct model *m, const struct growth_entry *e,
			 size_t n)
{
	const struct rkn_region *best = e->r;
	uint32_t *counts, stack = RKN_NONE, most = 0;

	for (size_t i = 1; i < n; i++)
		if ((int64_t)(e[i].r->made - e[i].r->ended) >
		    (int64_t)(best->made - best->ended))
			best = e[i].r;
	if (growth_is_all(best))
		return RKN_NONE;
	if (best->type == RKN_NONE)
		return best->stack;
	/* Where most objects of that type that are alive were made. */
	counts = xcalloc(m->stack_count + 1, sizeof(*counts));
	for (size_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];

		if (o->type == best->type && o->block != RKN_NONE &&
		    ++counts[o->stack] > most) {
			most = counts[o->stack];
			stack = o->stack;
		}
	}
	free(counts);
	return stack;
}

static uint32_t tid_of(const struct model *m, uint32_t thread, bool *is_main)
{
	uint32_t tid = thread ? m->threads[thread].tid : 0;

	*is_main = tid && tid == m->meta.pid;
	return tid;
}

/* Entries 0 .. n-1 are of one type, ascending by thread. */
static void make_row(const struct maker *k, struct growth_region *to,
		     const struct growth_entry *e, size_t n)
{
	struct growth_row *r = &to->rows[to->count];
	struct growth_sum sum = { 0 };

	if (!growth_threads_judge(&k->threads, e, n, &sum)) {
		free(sum.series);
		return;
	}
	*r = (struct growth_row){
		.identity = xstrdup(e->type ? e->type : "all blocks together"),
		.stack = stack_of(k->threads.in->m, e, n),
		.judgement = sum.judgement,
		.bytes = sum.all > 0 ? (int64_t)((double)sum.bytes *
						 (double)sum.judgement.objects /
						 (double)sum.all)
				     : sum.bytes,
		.rate = growth_rate_text(&sum.judgement, "pass"),
		.series = sum.series,
	};
	r->type = xstrdup(e->type && e->r->type == RKN_NONE
			      ? names_type(k->threads.in->names, r->stack)
			      : r->identity);
	if (to->threads > 1 && sum.thread)
		r->tid = tid_of(k->threads.in->m, sum.thread, &r->is_main);
	if (r->stack != RKN_NONE) {
		const struct reading *in = k->threads.in;
		const struct location *l =
		    block_types_place(in->types, r->stack);

		r->place = place_text(l);
		r->callers = place_callers(in->m, in->symbols, r->stack, l,
					   GROWTH_CALLERS);
	}
	if (to->verdict < sum.judgement.verdict)
		to->verdict = sum.judgement.verdict;
	to->count++;
}

static int by_growth(const void *a, const void *b)
{
	const struct growth_row *x = a, *y = b;

	return ORDER(y->judgement.verdict, x->judgement.verdict) ?:
	       ORDER(y->judgement.objects, x->judgement.objects) ?:
	       strcmp(x->type, y->type);
}

/* --- Regions ----------------------------------------------------------------- */

static int by_thread(const void *a, const void *b)
{
	const struct growth_lane *x = a, *y = b;

	return ORDER(x->thread, y->thread);
}

static void count_stopped(const struct growth_threads *t,
			  struct growth_region *to)
{
	for (size_t i = 0; i < t->lane_count; i++) {
		if (!t->lanes[i].stopped || !t->lanes[i].alone)
			continue;
		if (!to->stopped++)
			to->stopped_tid = tid_of(t->in->m, t->lanes[i].thread,
						 &to->stopped_is_main);
		to->stopped_passes += t->lanes[i].passes;
	}
}

static void make_region(struct growth_region *to, struct maker *k)
{
	struct growth_entry *list;
	size_t next, all = 0;
	struct growth_threads *t = &k->threads;
	uint64_t enough = t->o->warmup + t->o->runs;

	/* The threads, and whether what they did is known. */
	t->lanes = xcalloc(k->count + 1, sizeof(*t->lanes));
	to->verdict = GROWTH_TOO_FEW;
	for (size_t i = 0; i < k->count; i++) {
		const struct rkn_region *r = &k->records[i];
		bool alone = r->passes >= enough;

		to->lost |= !r->buckets;
		if (!growth_is_all(r) || !r->passes)
			continue;
		t->lanes[t->lane_count++] =
		    (struct growth_lane){ .thread = r->thread,
					  .passes = r->passes,
					  .alone = alone,
					  .first = r->first,
					  .last = r->last };
		to->passes += r->passes;
		t->together += alone ? 0 : r->passes;
		if (alone || t->together >= enough)
			to->verdict = GROWTH_STEADY;
	}
	to->threads = t->lane_count;
	t->passes = to->passes;
	qsort(t->lanes, t->lane_count, sizeof(*t->lanes), by_thread);
	growth_threads_order(t);
	count_stopped(t, to);
	list = xcalloc(k->count + 1, sizeof(*list));
	to->rows = xcalloc(k->count + 1, sizeof(*to->rows));
	for (size_t i = 0; i < k->count; i++)
		list[i] = (struct growth_entry){ growth_is_all(&k->records[i])
						     ? NULL
						     : growth_identity(
							   k->threads.in->names,
							   &k->records[i]),
						 &k->records[i] };
	qsort(list, k->count, sizeof(*list), growth_by_type);
	while (all < k->count && !list[all].type)
		all++;
	for (size_t i = all; i < k->count; i = next) {
		for (next = i;
		     next < k->count && list[next].type == list[i].type;)
			next++;
		make_row(k, to, list + i, next - i);
	}
	if (!to->count && all)
		make_row(k, to, list, all);
	qsort(to->rows, to->count, sizeof(*to->rows), by_growth);
	free(list);
	free(k->threads.lanes);
}

static struct growth_region *add(struct growth *g, const struct model *m,
				 const char *name)
{
	struct growth_region *r = &g->list[g->count++];

	*r = (struct growth_region){
		.name = escape(name),
		/* Of which region, nobody knows. */
		.lost = m->limits[RKN_LIMIT_REGIONS_FULL] || m->truncated ||
			m->meta.flags & RKN_META_OFF,
	};
	return r;
}

void growth_make(struct growth *g, const struct reading *in,
		 const struct growth_options *o)
{
	const struct model *m = in->m;
	const struct rkn_region *r = m->regions;
	size_t next;

	*g = (struct growth){
		.list = xcalloc(m->region_count + o->region_count + 1,
				sizeof(*g->list)),
	};
	for (size_t i = 0; i < m->region_count; i = next) {
		const char *name = model_name(m, r[i].name);
		struct maker k = {
			.threads = { .in = in, .o = o },
			.records = r + i,
		};
		size_t wanted = 0;

		for (next = i;
		     next < m->region_count && r[next].name == r[i].name;)
			next++;
		k.count = next - i;
		while (wanted < o->region_count &&
		       strcmp(o->regions[wanted], name))
			wanted++;
		if (wanted < o->region_count || !o->region_count)
			make_region(add(g, m, name), &k);
	}
	for (size_t i = 0; i < o->region_count; i++) {
		size_t at = 0;

		while (at < m->region_count &&
		       strcmp(model_name(m, r[at].name), o->regions[i]))
			at++;
		if (at == m->region_count)
			add(g, m, o->regions[i])->verdict = GROWTH_TOO_FEW;
	}
}

bool growth_fails(const struct growth_region *r)
{
	return r->verdict != GROWTH_STEADY || r->lost;
}

void growth_row_release(struct growth_row *r)
{
	free(r->type);
	free(r->identity);
	free(r->place);
	free(r->callers);
	free(r->rate);
	free(r->series);
}

void growth_release(struct growth *g)
{
	for (size_t i = 0; i < g->count; i++) {
		for (size_t k = 0; k < g->list[i].count; k++)
			growth_row_release(&g->list[i].rows[k]);
		free(g->list[i].rows);
		free(g->list[i].name);
	}
	free(g->list);
	*g = (struct growth){ 0 };
}
