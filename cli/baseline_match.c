/* SPDX-License-Identifier: MIT */
/*
 * Which entry of a baseline accepts which finding. Only those of the same
 * functions may, which is one group at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "die.h"

struct group {
	struct issue **issues;
	size_t count;
	struct baseline_entry *entries;
	size_t entry_count;
};

/* A finding and an entry that may accept it. */
struct candidate {
	uint32_t distance;
	bool renamed; /* their signatures differ in what is behind the dot */
	size_t issue, entry;
};

static uint32_t distance(const struct issue *i, const struct baseline_entry *e)
{
	return frame_lines_distance(&i->lines, &e->lines);
}

static void pair(struct issue *i, struct baseline_entry *e)
{
	i->entry = e;
	e->pair = i;
}

/* --- Nearest first --------------------------------------------------------- */

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	if (x->renamed != y->renamed)
		return x->renamed ? 1 : -1;
	if (x->issue != y->issue)
		return x->issue < y->issue ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* Those that have no other yet; `exact`: that are equal in all. */
static struct candidate *list_candidates(const struct group *g, bool suppressed,
					 bool exact, size_t *count)
{
	struct candidate *list = NULL;
	size_t room = 0;

	*count = 0;
	for (size_t i = 0; i < g->count; i++) {
		const struct issue *one = g->issues[i];

		if (one->entry ||
		    (one->state == ISSUE_SUPPRESSED) != suppressed)
			continue;
		for (size_t k = 0; k < g->entry_count; k++) {
			const struct baseline_entry *e = &g->entries[k];
			uint32_t d =
			    e->pair ? FRAME_LINES_OTHER : distance(one, e);

			if (d == FRAME_LINES_OTHER || (exact && d))
				continue;
			if (*count == room) {
				room = 2 * room + 16;
				list = xreallocarray(list, room, sizeof(*list));
			}
			list[(*count)++] = (struct candidate){
				d, strcmp(one->signature, e->signature) != 0, i,
				k
			};
		}
	}
	return list;
}

static void pair_nearest(const struct group *g, bool suppressed, bool exact)
{
	size_t count;
	struct candidate *list = list_candidates(g, suppressed, exact, &count);

	if (count)
		qsort(list, count, sizeof(*list), compare_candidates);
	for (size_t i = 0; i < count; i++) {
		struct issue *one = g->issues[list[i].issue];
		struct baseline_entry *e = &g->entries[list[i].entry];

		if (!one->entry && !e->pair)
			pair(one, e);
	}
	free(list);
}

/* --- Room for those that are left ------------------------------------------- */

/* Have `i` accepted by an entry whose own may go to another; those that are
 * equal in all stay together. `tried`: entries that are of no use. */
static bool make_room(const struct group *g, struct issue *i, bool *tried)
{
	for (size_t k = 0; k < g->entry_count; k++) {
		struct baseline_entry *e = &g->entries[k];

		if (tried[k] || distance(i, e) == FRAME_LINES_OTHER ||
		    (e->pair && !distance(e->pair, e)))
			continue;
		tried[k] = true;
		if (!e->pair || make_room(g, e->pair, tried)) {
			pair(i, e);
			return true;
		}
	}
	return false;
}

static void pair_rest(const struct group *g)
{
	bool *tried = xcalloc(g->entry_count, sizeof(*tried));

	for (size_t i = 0; i < g->count; i++) {
		struct issue *one = g->issues[i];

		if (one->entry || one->state == ISSUE_SUPPRESSED)
			continue;
		memset(tried, 0, g->entry_count * sizeof(*tried));
		make_room(g, one, tried);
	}
	free(tried);
}

/* --- What comes of it -------------------------------------------------------- */

static void set_state(struct issue *i)
{
	const struct baseline_entry *e = i->entry;

	if (!e)
		return;
	i->known_count = e->count;
	i->known_bytes = e->bytes;
	if (i->state == ISSUE_SUPPRESSED)
		return;
	i->state = i->count > e->count || i->bytes + i->held_bytes > e->bytes
		       ? ISSUE_GROWN
		       : ISSUE_KNOWN;
}

static void mark_seen(struct baseline_entry *e)
{
	e->seen = e->pair != NULL;
	e->accepts = e->pair && e->pair->state != ISSUE_SUPPRESSED;
}

/* Rather one that no finding has: that may be where the finding came from. */
static const struct baseline_entry *find_other(const struct group *g,
					       const struct issue *i)
{
	const struct baseline_entry *other = NULL;

	for (size_t k = 0; k < g->entry_count; k++) {
		const struct baseline_entry *e = &g->entries[k];

		if (distance(i, e) == FRAME_LINES_OTHER &&
		    (!other || (other->pair && !e->pair)))
			other = e;
	}
	return other;
}

static void tell_other(const struct group *g, struct issue *i)
{
	const struct baseline_entry *e = i->entry ? NULL : find_other(g, i);
	char *difference;

	if (!e)
		return;
	difference = frame_lines_unnamed(&i->lines, &e->lines);
	if (difference) {
		i->other = xasprintf("an accepted finding is alike, but %s",
				     difference);
		free(difference);
		return;
	}
	difference = frame_lines_difference(&i->lines, &e->lines);
	i->other = xasprintf(
	    "an accepted finding has the same functions but other lines%s%s",
	    difference ? ": " : "", difference ? difference : "");
	free(difference);
}

/* --- Names ------------------------------------------------------------------- */

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

static char *numbered(const char *signature, size_t number)
{
	int base = (int)issue_base(signature);

	return number == 1 ? xasprintf("%.*s", base, signature)
			   : xasprintf("%.*s.%zu", base, signature, number);
}

static void name(const struct group *g, size_t named, size_t *next)
{
	struct issue *i = g->issues[named];
	char *text = xstrdup(i->entry ? i->entry->signature : i->signature);

	while (is_taken(g, named, text)) {
		free(text);
		text = numbered(i->signature, (*next)++);
	}
	issue_rename(i, text);
}

static int accepted_first(const void *a, const void *b)
{
	const struct issue *const *x = a, *const *y = b;

	if (!(*x)->entry != !(*y)->entry)
		return (*x)->entry ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static void name_all(const struct group *g)
{
	size_t next = 1;

	qsort(g->issues, g->count, sizeof(*g->issues), accepted_first);
	for (size_t i = 0; i < g->count; i++)
		name(g, i, &next);
}

/* --- Groups -------------------------------------------------------------------- */

static void match(const struct group *g)
{
	pair_nearest(g, false, true);
	pair_nearest(g, false, false);
	pair_rest(g);
	pair_nearest(g, true, false);
	for (size_t i = 0; i < g->count; i++)
		set_state(g->issues[i]);
	for (size_t k = 0; k < g->entry_count; k++)
		mark_seen(&g->entries[k]);
	for (size_t i = 0; i < g->count; i++)
		if (g->issues[i]->state == ISSUE_NEW)
			tell_other(g, g->issues[i]);
	name_all(g);
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

static void forget(struct baseline *b, struct issues *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct issue *one = &list->list[i];

		if (one->state != ISSUE_SUPPRESSED)
			one->state = ISSUE_NEW;
		one->entry = NULL;
		one->known_count = one->known_bytes = 0;
		free(one->other);
		one->other = NULL;
	}
	for (size_t k = 0; b && k < b->count; k++) {
		b->list[k].pair = NULL;
		b->list[k].seen = b->list[k].accepts = false;
	}
}

/* The group that begins with issues[0], from entry *at on. */
static struct group next_group(struct baseline *b, size_t *at,
			       struct issue **issues, size_t left)
{
	const char *base = issues[0]->signature;
	struct group g = { .issues = issues };
	size_t end = b ? b->count : 0;

	while (g.count < left &&
	       !compare_bases(issues[g.count]->signature, base))
		g.count++;
	while (*at < end && compare_bases(b->list[*at].signature, base) < 0)
		++*at;
	g.entries = b ? b->list + *at : NULL;
	while (*at < end && !compare_bases(b->list[*at].signature, base)) {
		g.entry_count++;
		++*at;
	}
	return g;
}

void baseline_apply(struct baseline *b, struct issues *list)
{
	struct issue **sorted = xcalloc(list->count, sizeof(*sorted));
	size_t at = 0;

	forget(b, list);
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->list[i];
	if (list->count)
		qsort(sorted, list->count, sizeof(*sorted), by_base);
	for (size_t i = 0; i < list->count;) {
		struct group g =
		    next_group(b, &at, sorted + i, list->count - i);

		match(&g);
		i += g.count;
	}
	free(sorted);
}
