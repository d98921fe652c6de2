/* SPDX-License-Identifier: MIT */
/* Which functions take and give back for others, so that their calls are those of
 * the functions that called them. */
#include <stdlib.h>

#include "callers_calls.h"
#include "die.h"

#define HELPERS 3 /* functions that help one another, at most */
#define ROUNDS  2

static void add_sum(struct sums *s, const struct call *c)
{
	if (c->kind == CHANGE_GIVEN_BACK)
		s->given++;
	else
		s->taken++;
	if (s->parent == NOBODY)
		s->parent = calls_parent(c);
	s->parents |= s->parent != calls_parent(c);
}

/* It takes only, or only gives back. */
static bool does_one_thing(const struct sums *s)
{
	return !s->taken || !s->given;
}

/* It does so for several. */
static bool is_helper(const struct sums *s)
{
	return s->parents && does_one_thing(s);
}

/* Who takes and gives back by itself, or by helpers of which some take and
 * some give, and as many. */
static struct sums *balance_parents(const struct maker *k)
{
	struct sums *sums = xcalloc(k->functions + 1u, sizeof(*sums));
	uint64_t *takes = xcalloc(k->functions + 1u, sizeof(*takes));

	for (uint32_t i = 0; i < k->functions; i++)
		sums[i].parent = NOBODY;
	for (size_t i = 0; i < k->count; i++)
		if (k->calls[i].depth)
			add_sum(&sums[calls_caller(&k->calls[i])],
				&k->calls[i]);
	for (size_t i = 0; i < k->count; i++) {
		const struct call *c = &k->calls[i];
		uint32_t f;

		if (!c->counts || !c->depth)
			continue;
		f = is_helper(&sums[calls_caller(c)]) ? calls_parent(c)
						      : calls_caller(c);
		if (f == NOBODY)
			continue;
		takes[f] += c->kind != CHANGE_GIVEN_BACK;
		sums[f].net += c->kind == CHANGE_GIVEN_BACK ? -1 : 1;
	}
	for (uint32_t f = 0; f < k->functions; f++)
		sums[f].even = !sums[f].net && takes[f];
	free(takes);
	return sums;
}

struct sums *callers_sum_ways(const struct maker *k)
{
	struct sums *sums = xcalloc(k->functions + 1u, sizeof(*sums));

	for (uint32_t i = 0; i < k->functions; i++)
		sums[i].parent = sums[i].child = NOBODY;
	for (size_t i = 0; i < k->count; i++) {
		struct call c = k->calls[i];

		for (c.at = 0; c.at < c.depth; c.at++) {
			struct sums *way = &sums[calls_caller(&c)];
			uint32_t child = c.path[c.at ? c.at - 1 : 0];

			add_sum(way, &c);
			if (way->child == NOBODY)
				way->child = child;
			way->children |= way->child != child;
		}
	}
	return sums;
}

/* How many functions, from the innermost on, do one thing for one caller each. */
static uint32_t helpers_end(const struct call *c, const struct sums *ways)
{
	uint32_t at = 0;

	while (at < HELPERS && at + 1 < c->depth &&
	       does_one_thing(&ways[c->path[at]]) && !ways[c->path[at]].parents)
		at++;
	return at;
}

/* Which function the caller may help, by itself or through others that help
 * only it: its place on the way; 0: none. A function that one other calls may
 * be like obj_unref(), or the one to blame. */
static uint32_t may_help(const struct call *c, const struct sums *ways)
{
	uint32_t at;

	if (c->at || !c->depth)
		return 0;
	at = helpers_end(c, ways);
	return does_one_thing(&ways[c->path[at]]) ? 0 : at;
}

const struct location *callers_within(const struct maker *k,
				      const struct call *c,
				      const struct sums *ways)
{
	uint32_t at = c->at;

	if (c->at || !c->depth)
		return NULL;
	while (at + 1 < c->depth && !ways[c->path[at]].parents &&
	       !ways[c->path[at + 1]].children)
		at++;
	return at && at + 1 < c->depth ? k->places[c->path[at]] : NULL;
}

static void assume(struct maker *k, const struct sums *ways)
{
	int64_t *net = xcalloc(k->functions + 1u, sizeof(*net));
	uint8_t *helped = xcalloc(k->functions + 1u, 1);

	/* It is taken for a helper where the one above, which has
	 * others that are, is even then. */
	for (size_t i = 0; i < k->count; i++) {
		const struct call *c = &k->calls[i];
		uint32_t above = may_help(c, ways);

		if (!c->counts || !c->depth)
			continue;
		net[c->path[above ? above : c->at]] +=
		    c->kind == CHANGE_GIVEN_BACK ? -1 : 1;
		helped[calls_caller(c)] |= c->at > 0;
	}
	for (size_t i = 0; i < k->count; i++) {
		struct call *c = &k->calls[i];
		uint32_t above = may_help(c, ways);

		if (c->counts && above && helped[c->path[above]] &&
		    !net[c->path[above]]) {
			c->at = above;
			k->assumed = true;
		}
	}
	free(net);
	free(helped);
}

void callers_skip_helpers(struct maker *k, bool assuming)
{
	struct sums *ways = callers_sum_ways(k);

	/* A function like obj_ref() takes, or gives back, for its callers, maybe
	 * by others that do so only for it: its calls are those of its callers.
	 * Of a function that one other calls nobody can say. */
	for (size_t i = 0; i < k->count; i++) {
		struct call *c = &k->calls[i];
		uint32_t at = helpers_end(c, ways);

		if (at < HELPERS && at + 1 < c->depth &&
		    is_helper(&ways[c->path[at]]))
			c->at = at + 1;
	}
	if (assuming)
		assume(k, ways);
	free(ways);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct sums *sums = balance_parents(k);
		uint8_t *helps = xcalloc(k->functions + 1u, 1);

		/* Calls of further helpers become their callers', of those that
		 * make one of these even: a function that forgets something may
		 * be called by several, too. */
		for (size_t i = 0; i < k->count; i++) {
			const struct call *c = &k->calls[i];

			if (c->depth && calls_parent(c) != NOBODY &&
			    is_helper(&sums[calls_caller(c)]) &&
			    sums[calls_parent(c)].even)
				helps[calls_caller(c)] = 1;
		}
		for (size_t i = 0; i < k->count; i++) {
			struct call *c = &k->calls[i];

			if (c->depth && calls_parent(c) != NOBODY &&
			    helps[calls_caller(c)])
				c->at++;
		}
		free(helps);
		free(sums);
	}
}
