/* SPDX-License-Identifier: MIT */
#include "gate_growth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "fnv.h"
#include "growth.h"
#include "list.h"
#include "text_stream.h"
#include "value_set.h"

#define WARMUP 3
#define RUNS   3
#define MOST   5 /* rows that are named */

/* --- What is found ----------------------------------------------------------- */

/* Of one region, type and program: "Session +2 a pass in serve.c:40". */
static void add_row(struct gate *g, const struct growth_region *region,
		    const struct growth_row *r, const char *program)
{
	uint64_t hash = fnv_text(FNV_OFFSET, BASELINE_GROWTH);
	size_t n = g->growth_row_count++;
	struct baseline_growth *row;

	int64_t objects = r->judgement.objects;

	hash = fnv_text(hash, region->name);
	hash = fnv_text(fnv_text(hash, r->identity), program);
	LIST_GROW(g->growth_rows, n);
	LIST_GROW(g->growth_texts, n);
	g->growth_texts[n].told =
	    xasprintf("%s %s%s%s", r->type, r->rate, r->place ? " in " : "",
		      r->place ? r->place : "");
	row = &g->growth_rows[n];
	*row = (struct baseline_growth){
		.text = xasprintf("%s %s %s", region->name, r->type, program),
		.objects = objects > 0 ? (uint64_t)objects : 0,
		.bytes = r->bytes > 0 ? (uint64_t)r->bytes : 0,
		.passes = r->judgement.passes ? r->judgement.passes : 1,
	};
	snprintf(row->signature, sizeof(row->signature), "%016" PRIx64,
		 value_set_mix(hash));
}

void gate_growth_add(struct gate *g, const struct reading *in)
{
	const struct growth_options o = { .warmup = WARMUP, .runs = RUNS };
	struct growth found;

	growth_make(&found, in, &o);
	for (size_t i = 0; i < found.count; i++) {
		const struct growth_region *r = &found.list[i];
		size_t first = g->growth_row_count;
		bool failed = growth_fails(r);
		char *text;

		if (r->lost)
			text = xstrdup("not all of its changes are known");
		else if (!r->count && failed)
			text = xasprintf(
			    "%" PRIu64
			    " passes are too few to judge, %d are needed",
			    r->passes, WARMUP + RUNS);
		else
			text = xasprintf("%" PRIu64 " passes", r->passes);
		for (size_t k = 0; k < r->count; k++)
			add_row(g, r, &r->rows[k], model_called(in->m));
		*LIST_ADD(g->growth, g->growth_count) = (struct gate_growth){
			.region = xstrdup(r->name),
			.unjudged = failed && (r->lost || !r->count),
			.too_few = failed && !r->lost && !r->count,
			.text = text,
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

/* Whether another process made enough passes of the region to judge it. As in
 * steady_add(). */
static bool is_judged_elsewhere(const struct gate *g,
				const struct gate_growth *r)
{
	for (size_t i = 0; i < g->growth_count; i++)
		if (!g->growth[i].too_few &&
		    !strcmp(g->growth[i].region, r->region))
			return true;
	return false;
}

void gate_growth_apply(struct gate *g)
{
	if (g->baseline)
		baseline_apply_growth(g->baseline, g->growth_rows,
				      g->growth_row_count, g->options.growth);
	for (size_t i = 0; i < g->growth_count; i++) {
		struct gate_growth *r = &g->growth[i];

		r->failed =
		    r->unjudged && !(r->too_few && is_judged_elsewhere(g, r));
		for (size_t k = r->first; k < r->first + r->count; k++)
			r->failed |= fails(g, k);
	}
}

char *gate_growth_text(const struct gate *g, const struct gate_growth *r)
{
	size_t n = 0, accepted = 0, size;
	char *text;
	FILE *out = text_stream_open(&text, &size);

	for (size_t i = r->first; i < r->first + r->count; i++) {
		const struct baseline_growth *row = &g->growth_rows[i];

		accepted += row->accepted;
		if (!fails(g, i) || n++ >= MOST)
			continue;
		fprintf(out, "%s%s%s", n > 1 ? ", " : "",
			g->growth_texts[i].told,
			row->entry ? " (clearly more than was accepted)" : "");
	}
	if (n > MOST)
		fprintf(out, ", and %zu more", n - MOST);
	if (!n)
		fputs(r->text, out);
	if (!n && accepted)
		fprintf(out, ", accepted growth of %zu", accepted);
	text_stream_close(out);
	return text;
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
