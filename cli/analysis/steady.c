/* SPDX-License-Identifier: MIT */
#include "steady.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

/* Adds to the row of the same type and place in another process, if there is
 * one. Takes the row. */
static void add_row(struct growth_region *region, struct growth_row *row,
		    const char *noun)
{
	const char *place = row->place ? row->place : "";
	struct growth_row *to = region->rows;

	while (to < region->rows + region->count &&
	       (strcmp(to->type, row->type) ||
		strcmp(to->place ? to->place : "", place)))
		to++;
	if (to == region->rows + region->count) {
		*LIST_ADD(region->rows, region->count) = *row;
		return;
	}
	if (to->judgement.verdict < row->judgement.verdict)
		to->judgement.verdict = row->judgement.verdict;
	to->judgement.passes += row->judgement.passes;
	to->judgement.objects += row->judgement.objects;
	to->bytes += row->bytes;
	free(to->rate);
	to->rate = growth_rate_text(&to->judgement, noun);
	growth_row_release(row);
}

void steady_add(struct steady *s, struct growth *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct growth_region *from = &g->list[i], *to;
		size_t known = 0;

		while (known < s->count &&
		       strcmp(s->list[known].name, from->name))
			known++;
		if (known == s->count) {
			*LIST_ADD(s->list, s->count) = *from;
			continue;
		}
		to = &s->list[known];
		/* Too few passes in one say nothing against enough in another. */
		if (to->verdict == GROWTH_TOO_FEW ||
		    (from->verdict != GROWTH_TOO_FEW &&
		     from->verdict > to->verdict))
			to->verdict = from->verdict;
		to->lost |= from->lost;
		to->passes += from->passes;
		to->threads += from->threads;
		if (!to->stopped) {
			to->stopped_tid = from->stopped_tid;
			to->stopped_is_main = from->stopped_is_main;
		}
		to->stopped += from->stopped;
		to->stopped_passes += from->stopped_passes;
		for (size_t k = 0; k < from->count; k++)
			add_row(to, &from->rows[k], s->noun);
		free(from->rows);
		free(from->name);
	}
	free(g->list);
	*g = (struct growth){ 0 };
}

bool steady_is(const struct steady *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (growth_fails(&s->list[i]))
			return false;
	return s->count;
}

void steady_release(struct steady *s)
{
	struct growth g = { s->list, s->count };

	growth_release(&g);
	s->list = NULL;
	s->count = 0;
}
