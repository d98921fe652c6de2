/* SPDX-License-Identifier: MIT */
#include "steady.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

static struct growth_region *find(struct steady *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->list[i].name, name))
			return &s->list[i];
	return NULL;
}

static bool same_place(const struct growth_row *a, const struct growth_row *b)
{
	return !strcmp(a->type, b->type) &&
	       !strcmp(a->place ? a->place : "", b->place ? b->place : "");
}

/* The same type and place in another process. */
static void join_row(struct growth_row *to, struct growth_row *from,
		     const char *noun)
{
	if (to->judgement.verdict < from->judgement.verdict)
		to->judgement.verdict = from->judgement.verdict;
	to->judgement.passes += from->judgement.passes;
	to->judgement.objects += from->judgement.objects;
	to->bytes += from->bytes;
	free(to->rate);
	to->rate = growth_rate_text(&to->judgement, noun);
	growth_row_release(from);
}

static void add_row(struct growth_region *to, struct growth_row *row,
		    const char *noun)
{
	for (size_t i = 0; i < to->count; i++) {
		if (same_place(&to->rows[i], row)) {
			join_row(&to->rows[i], row, noun);
			return;
		}
	}
	*LIST_ADD(to->rows, to->count) = *row;
}

static enum growth_verdict worse(enum growth_verdict a, enum growth_verdict b)
{
	/* Who has too few passes says nothing against who has enough. */
	if (a == GROWTH_TOO_FEW)
		return b;
	if (b == GROWTH_TOO_FEW)
		return a;
	return a > b ? a : b;
}

static void join(struct growth_region *to, struct growth_region *from,
		 const char *noun)
{
	to->verdict = worse(to->verdict, from->verdict);
	to->lost |= from->lost;
	to->passes += from->passes;
	to->threads += from->threads;
	if (!to->stopped) {
		to->stopped_tid = from->stopped_tid;
		to->stopped_is_main = from->stopped_is_main;
	}
	to->stopped += from->stopped;
	to->stopped_passes += from->stopped_passes;
	for (size_t i = 0; i < from->count; i++)
		add_row(to, &from->rows[i], noun);
	free(from->rows);
	free(from->name);
}

void steady_add(struct steady *s, struct growth *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct growth_region *known = find(s, g->list[i].name);

		if (known) {
			join(known, &g->list[i], s->noun);
			continue;
		}
		*LIST_ADD(s->list, s->count) = g->list[i];
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
