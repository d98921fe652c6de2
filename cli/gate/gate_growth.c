/* SPDX-License-Identifier: MIT */
#include "gate_growth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "fnv.h"
#include "growth.h"
#include "list.h"
#include "value_set.h"

#define WARMUP 3
#define RUNS   3
#define MOST   5 /* rows that are named */

/* --- What is found ----------------------------------------------------------- */

/* "Session +2 a pass in serve.c:40" */
static char *tell(const struct growth_row *r)
{
	return xasprintf("%s %s%s%s", r->type, r->rate, r->place ? " in " : "",
			 r->place ? r->place : "");
}

static uint64_t whole(int64_t value)
{
	return value > 0 ? (uint64_t)value : 0;
}

/* Of one region, type and program. */
static void add_row(struct gate *g, const struct growth_region *region,
		    const struct growth_row *r, const char *program)
{
	uint64_t hash = fnv_text(FNV_OFFSET, BASELINE_GROWTH);
	size_t n = g->growth_row_count++;
	struct baseline_growth *row;

	hash = fnv_text(hash, region->name);
	hash = fnv_text(fnv_text(hash, r->type), program);
	LIST_GROW(g->growth_rows, n);
	LIST_GROW(g->growth_texts, n);
	g->growth_texts[n] = (struct gate_growth_row){ tell(r) };
	row = &g->growth_rows[n];
	*row = (struct baseline_growth){
		.text = xasprintf("%s %s %s", region->name, r->type, program),
		.objects = whole(r->judgement.objects),
		.bytes = whole(r->bytes),
		.passes = r->judgement.passes ? r->judgement.passes : 1,
	};
	snprintf(row->signature, sizeof(row->signature), "%016" PRIx64,
		 value_set_mix(hash));
}

/* What there is to say where nothing grows. */
static char *describe(const struct growth_region *r)
{
	if (r->lost)
		return xstrdup("not all of its changes are known");
	if (!r->count && growth_fails(r))
		return xasprintf("%" PRIu64
				 " passes are too few to tell, %d are needed",
				 r->passes, WARMUP + RUNS);
	return xasprintf("%" PRIu64 " passes", r->passes);
}

void gate_growth_add(struct gate *g, const struct model *m, struct symbols *s,
		     struct names *names)
{
	const struct growth_options o = { .warmup = WARMUP, .runs = RUNS };
	struct growth found;

	growth_make(&found, m, s, names, &o);
	for (size_t i = 0; i < found.count; i++) {
		const struct growth_region *r = &found.list[i];
		size_t first = g->growth_row_count;

		for (size_t k = 0; k < r->count; k++)
			add_row(g, r, &r->rows[k], model_called(m));
		*LIST_ADD(g->growth, g->growth_count) = (struct gate_growth){
			.region = xstrdup(r->name),
			.unjudged = growth_fails(r) && (r->lost || !r->count),
			.text = describe(r),
			.first = first,
			.count = r->count,
		};
	}
	growth_release(&found);
}

/* --- What of it fails -------------------------------------------------------- */

static bool fails(const struct gate *g, size_t row)
{
	return g->options.mode == GATE_ANY || !g->growth_rows[row].accepted;
}

static char *list_failing(const struct gate *g, const struct gate_growth *r)
{
	size_t n = 0, more = 0;
	char *text = NULL;

	for (size_t i = r->first; i < r->first + r->count; i++) {
		char *longer;

		if (!fails(g, i))
			continue;
		if (n++ >= MOST) {
			more++;
			continue;
		}
		longer = xasprintf("%s%s%s%s", text ? text : "",
				   text ? ", " : "", g->growth_texts[i].told,
				   g->growth_rows[i].entry
				       ? " (clearly more than was accepted)"
				       : "");
		free(text);
		text = longer;
	}
	if (more) {
		char *longer = xasprintf("%s, and %zu more", text, more);

		free(text);
		text = longer;
	}
	return text;
}

void gate_growth_apply(struct gate *g)
{
	if (g->baseline)
		baseline_apply_growth(g->baseline, g->growth_rows,
				      g->growth_row_count, g->options.growth);
	for (size_t i = 0; i < g->growth_count; i++) {
		struct gate_growth *r = &g->growth[i];

		r->failed = r->unjudged;
		for (size_t k = r->first; k < r->first + r->count; k++)
			r->failed |= fails(g, k);
	}
}

char *gate_growth_text(const struct gate *g, const struct gate_growth *r)
{
	char *text = list_failing(g, r);
	size_t accepted = 0;

	for (size_t k = r->first; k < r->first + r->count; k++)
		accepted += g->growth_rows[k].accepted;
	if (!text && accepted)
		return xasprintf("%s, accepted growth of %zu", r->text,
				 accepted);
	return text ? text : xstrdup(r->text);
}

void gate_growth_release(struct gate *g)
{
	for (size_t i = 0; i < g->growth_count; i++) {
		free(g->growth[i].region);
		free(g->growth[i].text);
	}
	for (size_t i = 0; i < g->growth_row_count; i++) {
		free(g->growth_rows[i].text);
		free(g->growth_texts[i].told);
	}
	free(g->growth);
	free(g->growth_rows);
	free(g->growth_texts);
}
