/* SPDX-License-Identifier: MIT */
/*
 * Which entry of a baseline accepts which finding: of the same functions, one
 * group at a time; what is left over goes to baseline_kin.h.
 */
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "baseline_kin.h"
#include "die.h"
#include "escape.h"
#include "matching.h"

struct group {
	struct issue **issues;
	size_t count;
	struct baseline_entry *entries;
	size_t entry_count;
	bool any_taker;
};

/* A finding and an entry that may accept it. */
struct candidate {
	uint32_t distance;
	bool renamed; /* their signatures differ in what is behind the dot */
	size_t issue, entry;
};

static uint32_t distance(const struct group *g, const struct issue *i,
			 const struct baseline_entry *e)
{
	if (!g->any_taker && baseline_kin_stranger(i, e))
		return FRAME_LINES_OTHER;
	return frame_lines_distance(&i->lines, &e->lines);
}

static void pair(struct issue *i, struct baseline_entry *e)
{
	i->entry = e;
	i->known_count += e->count;
	i->known_bytes += e->bytes;
	e->pair = i;
}

/* --- Pairs ----------------------------------------------------------------- */

/* Of several entries that are equal otherwise, one that has its size, then one
 * that has the same number behind its signature. */
static unsigned strangeness(const struct issue *i,
			    const struct baseline_entry *e)
{
	return 2u * !baseline_kin_is_as_large(i, e) +
	       (strcmp(i->signature, e->signature) != 0);
}

#define STRANGENESSES 4u

/* Those that are equal in all stay together. */
static void pair_equal(const struct group *g, bool suppressed, unsigned strange)
{
	for (size_t i = 0; i < g->count; i++) {
		struct issue *one = g->issues[i];

		if ((one->state == ISSUE_SUPPRESSED) != suppressed)
			continue;
		for (size_t k = 0; k < g->entry_count && !one->entry; k++) {
			struct baseline_entry *e = &g->entries[k];

			if (!e->pair && strangeness(one, e) == strange &&
			    !distance(g, one, e))
				pair(one, e);
		}
	}
}

/* The nearest others, as many as can be. */
static void pair_others(const struct group *g, bool suppressed)
{
	struct matching_edge *list =
	    xcalloc(g->count * g->entry_count, sizeof(*list));
	size_t *entry_of = xcalloc(g->count, sizeof(*entry_of)), count = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct issue *one = g->issues[i];

		if (one->entry ||
		    (one->state == ISSUE_SUPPRESSED) != suppressed)
			continue;
		for (size_t k = 0; k < g->entry_count; k++) {
			const struct baseline_entry *e = &g->entries[k];
			uint32_t d =
			    e->pair ? FRAME_LINES_OTHER : distance(g, one, e);

			if (d != FRAME_LINES_OTHER)
				list[count++] = (struct matching_edge){
					i, k,
					STRANGENESSES * d + strangeness(one, e)
				};
		}
	}
	matching_make(entry_of, g->count, g->entry_count, list, count);
	for (size_t i = 0; i < g->count; i++)
		if (entry_of[i] != MATCHING_NONE)
			pair(g->issues[i], &g->entries[entry_of[i]]);
	free(list);
	free(entry_of);
}

/* --- What comes of it -------------------------------------------------------- */

/* Sets how the nearest entry differs; of several that are as near one that no
 * finding has: that may be where this one came from. */
static void tell_other(const struct group *g, struct issue *i)
{
	const struct baseline_entry *e = NULL;
	size_t least = SIZE_MAX;
	const char *stranger;
	char *text;

	for (size_t k = 0; k < g->entry_count && !i->entry; k++) {
		const struct baseline_entry *one = &g->entries[k];
		size_t n = frame_lines_differing(&i->lines, &one->lines);

		if (distance(g, i, one) != FRAME_LINES_OTHER || n > least ||
		    (n == least && (one->pair || !e->pair)))
			continue;
		e = one;
		least = n;
	}
	if (!e)
		return;
	stranger = baseline_kin_stranger(i, e);
	if (stranger) {
		text = escape(stranger);
		i->other = xasprintf(
		    "an accepted finding is alike, but no reference of %s() was left there, as one may be now",
		    text);
	} else if ((text = frame_lines_unnamed(&i->lines, &e->lines))) {
		i->other =
		    xasprintf("an accepted finding is alike, but %s", text);
	} else {
		text = frame_lines_difference(&i->lines, &e->lines);
		i->other = xasprintf(
		    "an accepted finding has the same functions but other lines%s%s",
		    text ? ": " : "", text ? text : "");
	}
	free(text);
}

/* --- Groups -------------------------------------------------------------------- */

static void match(const struct group *g)
{
	for (int suppressed = 0; suppressed < 2; suppressed++) {
		for (unsigned n = 0; n < STRANGENESSES; n++)
			pair_equal(g, suppressed, n);
		pair_others(g, suppressed);
	}
}

/* Whether one of the first `named` issues, or an entry without one, has it. */
static bool is_taken(const struct group *g, size_t named, const char *name)
{
	for (size_t i = 0; i < named; i++)
		if (!strcmp(g->issues[i]->signature, name))
			return true;
	for (size_t k = 0; k < g->entry_count; k++)
		if (!g->entries[k].pair &&
		    !strcmp(g->entries[k].signature, name))
			return true;
	return false;
}

static int accepted_first(const void *a, const void *b)
{
	const struct issue *const *x = a, *const *y = b;

	if (!(*x)->entry != !(*y)->entry)
		return (*x)->entry ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

/* Sets states, `other` and names. */
static void finish(const struct group *g)
{
	size_t number = 1;

	for (size_t n = 0; n < g->count; n++) {
		struct issue *i = g->issues[n];

		if (i->entry && i->state != ISSUE_SUPPRESSED)
			i->state =
			    i->count > i->known_count ||
				    i->bytes + i->held_bytes > i->known_bytes
				? ISSUE_GROWN
				: ISSUE_KNOWN;
		if (i->state == ISSUE_NEW)
			tell_other(g, i);
	}
	qsort(g->issues, g->count, sizeof(*g->issues), accepted_first);
	for (size_t n = 0; n < g->count; n++) {
		struct issue *i = g->issues[n];
		const char *kept =
		    i->entry && !i->kin ? i->entry->signature : i->signature;
		int base = (int)issue_base(i->signature);
		char *name = xstrdup(kept);

		for (; is_taken(g, n, name); number++) {
			free(name);
			name = number == 1
				   ? xstrndup(i->signature, (size_t)base)
				   : xasprintf("%.*s.%zu", base, i->signature,
					       number);
		}
		free(i->signature);
		i->signature = name;
	}
}

static int compare_bases(const char *a, const char *b)
{
	size_t x = issue_base(a), y = issue_base(b);
	int order = memcmp(a, b, x < y ? x : y);

	return order ? order : (x > y) - (x < y);
}

static int by_base(const void *a, const void *b)
{
	const struct issue *const *x = a, *const *y = b;
	int order = compare_bases((*x)->signature, (*y)->signature);

	return order ? order : (*x > *y) - (*x < *y);
}

/* Visits groups of the same functions: a part of the issues, and of the entries,
 * which both ascend. */
static void each_group(struct baseline *b, struct issue **sorted, size_t count,
		       void (*visit)(const struct group *g))
{
	size_t end = b ? b->count : 0, at = 0;

	for (size_t i = 0; i < count;) {
		const char *base = sorted[i]->signature;
		struct group g = { .issues = sorted + i,
				   .any_taker = b && b->any_taker };

		while (i < count &&
		       !compare_bases(sorted[i]->signature, base)) {
			g.count++;
			i++;
		}
		while (at < end &&
		       compare_bases(b->list[at].signature, base) < 0)
			at++;
		g.entries = b ? b->list + at : NULL;
		while (at < end &&
		       !compare_bases(b->list[at].signature, base)) {
			g.entry_count++;
			at++;
		}
		visit(&g);
	}
}

void baseline_apply(struct baseline *b, struct issues *list)
{
	struct issue **sorted = xcalloc(list->count, sizeof(*sorted));

	for (size_t i = 0; i < list->count; i++) {
		struct issue *one = &list->list[i];

		if (one->state != ISSUE_SUPPRESSED)
			one->state = ISSUE_NEW;
		one->entry = NULL;
		one->known_count = one->known_bytes = 0;
		free(one->other);
		free(one->differs);
		one->other = one->differs = NULL;
		one->kin = false;
	}
	for (size_t k = 0; b && k < b->count; k++) {
		b->list[k].pair = NULL;
		b->list[k].seen = b->list[k].accepts = false;
	}
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->list[i];
	if (list->count)
		qsort(sorted, list->count, sizeof(*sorted), by_base);
	each_group(b, sorted, list->count, match);
	if (b) {
		baseline_kin_begin(b, list);
		baseline_kin_pair(b, list, false);
		baseline_kin_share(b, list);
		baseline_kin_pair(b, list, true);
	}
	each_group(b, sorted, list->count, finish);
	if (b) {
		baseline_kin_tell(b, list);
		baseline_kin_end(list);
	}
	for (size_t k = 0; b && k < b->count; k++) {
		struct baseline_entry *e = &b->list[k];

		e->seen = e->pair != NULL;
		e->accepts = e->pair && e->pair->state != ISSUE_SUPPRESSED;
	}
	free(sorted);
}
