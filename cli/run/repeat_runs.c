/* SPDX-License-Identifier: MIT */
#include "repeat_runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "list.h"
#include "place.h"

#define AMOUNT "{}"

struct repeat_amount {
	char *type, *place;
	char *callers; /* see place_callers() */
	uint32_t stack;
	int64_t now, before;       /* objects alive at the end of a run */
	int64_t bytes;             /* of now */
	int64_t bytes_before_runs; /* at the end of the warm-up */
	struct growth_series series;
};

/* --- Arguments ---------------------------------------------------------------- */

bool repeat_runs_asked(const char **arguments)
{
	for (size_t i = 0; arguments[i]; i++)
		if (strstr(arguments[i], AMOUNT))
			return true;
	return false;
}

const char **repeat_runs_arguments(const char **arguments, uint64_t amount)
{
	char *number = xasprintf("%" PRIu64, amount), *to;
	size_t n = 0, size = 0;
	const char **copy;

	/* Each {} is two bytes, for which a number comes. */
	for (; arguments[n]; n++)
		size += (strlen(arguments[n]) / 2 + 1) * strlen(number) +
			strlen(arguments[n]) + 1;
	copy = xmalloc((n + 1) * sizeof(*copy) + size);
	to = (char *)(copy + n + 1);
	for (size_t i = 0; i < n; i++) {
		const char *text = arguments[i], *at;

		copy[i] = to;
		for (; (at = strstr(text, AMOUNT));
		     text = at + strlen(AMOUNT)) {
			to = mempcpy(to, text, (size_t)(at - text));
			to = stpcpy(to, number);
		}
		to = stpcpy(to, text) + 1;
	}
	copy[n] = NULL;
	free(number);
	return copy;
}

/* --- What is alive -------------------------------------------------------------- */

/* The amount that `block` belongs to. `known`: by stack, of blocks that are
 * not objects, 1 more than the amount's index. */
static struct repeat_amount *amount_of(struct repeat_runs *a,
				       const struct reading *in, uint32_t block,
				       size_t *known)
{
	uint32_t stack = in->m->blocks[block].stack;
	bool object = names_object_at(in->names, block);
	const char *type;
	char *place;
	size_t i = 0;

	if (!object && known[stack])
		return &a->list[known[stack] - 1];
	type = names_block_type(in->names, block);
	place = place_text(block_types_place(in->types, stack));
	while (i < a->count && (strcmp(a->list[i].type, type) ||
				strcmp(a->list[i].place, place)))
		i++;
	if (i == a->count) {
		*LIST_ADD(a->list, a->count) = (struct repeat_amount){
			.type = xstrdup(type),
			.place = xstrdup(place),
			.callers =
			    place_callers(in->m, in->symbols, stack,
					  block_types_place(in->types, stack),
					  GROWTH_CALLERS),
			.series = { .run_known = true },
		};
		/* It was not there in the runs before. */
		for (uint64_t run = 0; run < a->runs; run++)
			growth_series_push(&a->list[i].series, 0);
	}
	free(place);
	if (!object)
		known[stack] = i + 1;
	return &a->list[i];
}

void repeat_runs_add(struct repeat_runs *a, const struct reading *in)
{
	const struct model *m = in->m;
	size_t *known = xcalloc(m->stack_count + 1, sizeof(*known));

	for (uint32_t b = 0; b < m->block_count; b++) {
		struct repeat_amount *of = amount_of(a, in, b, known);

		of->now++;
		of->bytes += (int64_t)m->blocks[b].size;
	}
	a->lost |= m->blocks_cut || m->meta.flags & RKN_META_OFF;
	free(known);
}

void repeat_runs_end_run(struct repeat_runs *a, const struct growth_options *o)
{
	a->runs++;
	for (size_t i = 0; i < a->count; i++) {
		struct repeat_amount *of = &a->list[i];

		growth_series_push(&of->series, of->now - of->before);
		of->before = of->now;
		if (a->runs == o->warmup)
			of->bytes_before_runs = of->bytes;
		/* What the last run had is what is reported. */
		if (a->runs < o->warmup + o->runs)
			of->bytes = of->now = 0;
	}
}

/* --- The verdict ----------------------------------------------------------------- */

static int by_growth(const void *a, const void *b)
{
	const struct growth_row *x = a, *y = b;

	if (x->judgement.objects != y->judgement.objects)
		return x->judgement.objects > y->judgement.objects ? -1 : 1;
	return strcmp(x->type, y->type);
}

void repeat_runs_judge(struct repeat_runs *a, const struct growth_options *o,
		       const char *name, struct growth *g)
{
	struct growth_region *r = xcalloc(1, sizeof(*r));

	*r = (struct growth_region){
		.name = escape(name),
		.lost = a->lost,
		.passes = a->runs,
		.verdict = a->runs < o->warmup + o->runs ? GROWTH_TOO_FEW
							 : GROWTH_STEADY,
		.rows = xcalloc(a->count + 1, sizeof(*r->rows)),
	};
	for (size_t i = 0; i < a->count; i++) {
		struct repeat_amount *of = &a->list[i];
		struct growth_judgement j =
		    growth_series_judge(&of->series, o->warmup, o->runs);

		if (j.verdict == GROWTH_EVERY_PASS) {
			r->rows[r->count++] = (struct growth_row){
				.type = xstrdup(of->type),
				.place = xstrdup(of->place),
				.callers = xstrdup(of->callers),
				.stack = RKN_NONE,
				.judgement = j,
				.bytes = of->bytes - of->bytes_before_runs,
				.rate = growth_rate_text(&j, "run"),
				.series =
				    growth_series_text(&of->series, o->warmup),
			};
			r->verdict = j.verdict;
		}
		free(of->type);
		free(of->place);
		free(of->callers);
	}
	qsort(r->rows, r->count, sizeof(*r->rows), by_growth);
	*g = (struct growth){ r, 1 };
	free(a->list);
	*a = (struct repeat_runs){ 0 };
}
