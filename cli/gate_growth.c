/* SPDX-License-Identifier: MIT */
#include "gate_growth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "die.h"
#include "growth.h"

#define WARMUP 3
#define RUNS   3
#define MOST   5 /* rows that are named */

/* "Session +2 a pass at serve.c:40" */
static void print_row(FILE *out, const struct growth_row *r)
{
	fprintf(out, "%s %s", r->type, r->rate);
	if (r->place)
		fprintf(out, " in %s", r->place);
}

static void print_rows(FILE *out, const struct growth_region *r)
{
	for (size_t i = 0; i < r->count && i < MOST; i++) {
		fputs(i ? ", " : "", out);
		print_row(out, &r->rows[i]);
	}
	if (r->count > MOST)
		fprintf(out, ", and %zu more", r->count - MOST);
}

static char *describe(const struct growth_region *r)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	if (r->count)
		print_rows(out, r);
	else if (r->lost)
		fputs("not all of its changes are known", out);
	else if (growth_fails(r))
		fprintf(out,
			"%" PRIu64 " passes are too few to tell, %d are needed",
			r->passes, WARMUP + RUNS);
	else
		fprintf(out, "%" PRIu64 " passes", r->passes);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

void gate_growth_add(struct gate *g, const struct model *m, struct symbols *s,
		     struct names *names)
{
	const struct growth_options o = { .warmup = WARMUP, .runs = RUNS };
	struct growth found;

	growth_make(&found, m, s, names, &o);
	for (size_t i = 0; i < found.count; i++) {
		const struct growth_region *r = &found.list[i];

		g->growth = xreallocarray(g->growth, g->growth_count + 1,
					  sizeof(*g->growth));
		g->growth[g->growth_count++] = (struct gate_growth){
			.region = xstrdup(r->name),
			.failed = growth_fails(r),
			.text = describe(r),
		};
	}
	growth_release(&found);
}
