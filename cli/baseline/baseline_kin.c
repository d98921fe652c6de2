/* SPDX-License-Identifier: MIT */
#include "baseline_kin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "frame_calls.h"
#include "likeness.h"
#include "list.h"
#include "matching.h"
#include "units.h"

#define NEAR       (2 * LIKENESS_DOUBT) /* at most, of one that is named */
#define OTHER_SIZE 512 /* what that adds to the cost of a pair */

/* --- Evidence -------------------------------------------------------------- */

static const struct likeness strange = { .weight = LIKENESS_STRANGE };

struct word_list {
	const char **list;
	size_t count;
};

static void add_words(struct word_list *w, const struct frame_lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!l->list[i].call)
			continue;
		*LIST_ADD(w->list, w->count) = l->list[i].call;
	}
}

static int compare_words(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void sort_words(struct word_list *w)
{
	size_t n = 0;

	if (w->count)
		qsort(w->list, w->count, sizeof(*w->list), compare_words);
	for (size_t i = 0; i < w->count; i++)
		if (!n || strcmp(w->list[n - 1], w->list[i]) != 0)
			w->list[n++] = w->list[i];
	w->count = n;
}

/* All functions' names, each once. */
static struct likeness_evidence make_evidence(const struct baseline *b,
					      const struct issues *list)
{
	struct word_list here = { 0 }, there = { 0 };

	for (size_t i = 0; i < list->count; i++)
		add_words(&here, &list->list[i].lines);
	for (size_t k = 0; k < b->count; k++)
		add_words(&there, &b->list[k].lines);
	sort_words(&here);
	sort_words(&there);
	return (struct likeness_evidence){
		.sources = list->sources,
		.here = here.list,
		.here_count = here.count,
		.there = there.list,
		.there_count = there.count,
	};
}

static void release_evidence(struct likeness_evidence *e)
{
	free(e->here);
	free(e->there);
}

/* --- Size ------------------------------------------------------------------ */

/* Without what it holds, which may be counted for another in the next build;
 * an issue's own is `bytes`. */
static uint64_t accepted_size(const struct baseline_entry *e)
{
	return e->bytes - e->held;
}

static bool has_equal_parts(const struct issue *i,
			    const struct baseline_entry *e)
{
	uint64_t here = i->bytes, there = accepted_size(e);

	return i->count && e->count && here % i->count == 0 &&
	       there % e->count == 0 && here / i->count == there / e->count;
}

bool baseline_kin_is_as_large(const struct issue *i,
			      const struct baseline_entry *e)
{
	if (i->count == e->count)
		return i->bytes == accepted_size(e);
	return i->count < e->count && has_equal_parts(i, e);
}

/* --- What was weighed ------------------------------------------------------- */

/* Numbers; of more pairs each is weighed as often as it is looked at. */
#define MOST_WEIGHTS (64u << 20)

void baseline_kin_begin(struct baseline *b, struct issues *list)
{
	for (size_t k = 0; k < b->count; k++)
		b->list[k].at = k;
	for (size_t i = 0; i < list->count; i++)
		if (!list->list[i].entry && b->count &&
		    b->count <= MOST_WEIGHTS / list->count)
			list->list[i].weights =
			    xcalloc(b->count, sizeof(uint16_t));
}

void baseline_kin_end(struct issues *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->list[i].weights);
		list->list[i].weights = NULL;
	}
}

/* --- Pairs ----------------------------------------------------------------- */

const char *baseline_kin_stranger(const struct issue *i,
				  const struct baseline_entry *e)
{
	return frame_lines_known(&i->lines) == frame_lines_known(&e->lines)
		   ? takers_stranger(&i->takers, &e->takers)
		   : NULL;
}

static bool may_be_kin(const struct issue *i, const struct baseline_entry *e)
{
	if (strcmp(finding_kinds[i->kind].name, e->kind) != 0)
		return false;
	if (!i->object_type != !e->type ||
	    (e->type && strcmp(i->object_type, e->type) != 0))
		return false;
	if (baseline_kin_stranger(i, e))
		return false;
	return frame_calls_known(&i->lines) && frame_calls_known(&e->lines);
}

/* Weighs them, once: after that `l` is only made where they are at most of the
 * weight `most`. False: they are of more. */
static bool is_within(const struct issue *i, const struct baseline_entry *e,
		      const struct likeness_evidence *evidence, unsigned most,
		      struct likeness *l)
{
	uint16_t *weight = i->weights ? &i->weights[e->at] : NULL;

	if (weight && *weight > most + 1)
		return false;
	likeness_make(l, &i->lines, &e->lines, evidence);
	if (weight)
		*weight = (uint16_t)(1 + (l->weight < LIKENESS_STRANGE
					      ? l->weight
					      : LIKENESS_STRANGE));
	return l->weight <= most;
}

struct candidates {
	struct matching_edge *list;
	size_t count;
};

static void pair(struct issue *i, struct baseline_entry *e,
		 const struct likeness_evidence *evidence)
{
	struct likeness l;

	likeness_make(&l, &i->lines, &e->lines, evidence);
	i->entry = e;
	i->known_count += e->count;
	i->known_bytes += e->bytes;
	e->pair = i;
	i->kin = true;
	free(i->differs);
	i->differs = likeness_text(&l);
}

/* Adds the entries that may accept issue number `issue`. */
static void list_candidates(struct candidates *c, const struct baseline *b,
			    const struct issues *list, size_t issue,
			    const struct likeness_evidence *evidence)
{
	const struct issue *i = &list->list[issue];

	for (size_t k = 0; k < b->count; k++) {
		const struct baseline_entry *e = &b->list[k];
		bool as_large = baseline_kin_is_as_large(i, e);
		struct likeness l;

		if (e->pair || !may_be_kin(i, e) ||
		    !is_within(i, e, evidence, LIKENESS_EDIT, &l))
			continue;
		if (as_large ||
		    (!l.weight &&
		     (has_equal_parts(i, e) ||
		      (l.placed && (!l.builds || i->count != e->count)))))
			*LIST_ADD(c->list, c->count) = (struct matching_edge){
				issue, k,
				likeness_rank(&l) + (as_large ? 0 : OTHER_SIZE)
			};
	}
}

void baseline_kin_pair(struct baseline *b, struct issues *list, bool suppressed)
{
	struct likeness_evidence evidence = make_evidence(b, list);
	size_t *entry_of = xcalloc(list->count, sizeof(*entry_of));
	struct candidates c = { 0 };

	for (size_t i = 0; i < list->count; i++)
		if (!list->list[i].entry &&
		    (list->list[i].state == ISSUE_SUPPRESSED) == suppressed)
			list_candidates(&c, b, list, i, &evidence);
	matching_make(entry_of, list->count, b->count, c.list, c.count);
	for (size_t i = 0; i < list->count; i++)
		if (entry_of[i] != MATCHING_NONE)
			pair(&list->list[i], &b->list[entry_of[i]], &evidence);
	free(c.list);
	free(entry_of);
	release_evidence(&evidence);
}

/* --- Shares ---------------------------------------------------------------- */

/* What may be parts of a sum. */
#define MOST_PARTS 12

struct parts {
	size_t of[MOST_PARTS];
	uint64_t counts[MOST_PARTS], bytes[MOST_PARTS];
	size_t count;
};

static void add_part(struct parts *p, size_t of, uint64_t count, uint64_t bytes)
{
	if (p->count == MOST_PARTS)
		return;
	p->of[p->count] = of;
	p->counts[p->count] = count;
	p->bytes[p->count++] = bytes;
}

/* Those whose sum is exactly that, as bits; 0: none are. */
static unsigned find_sum(const struct parts *p, uint64_t count, uint64_t bytes)
{
	for (unsigned chosen = 1; chosen < 1u << p->count; chosen++) {
		uint64_t counts = 0, sum = 0;
		bool fits = true;

		for (size_t i = 0; i < p->count && fits; i++) {
			if (!(chosen & 1u << i))
				continue;
			fits = p->counts[i] <= count - counts &&
			       p->bytes[i] <= bytes - sum;
			counts += p->counts[i];
			sum += p->bytes[i];
		}
		if (fits && counts == count && sum == bytes)
			return chosen;
	}
	return 0;
}

/* Only builds are between them, and not nothing. */
static bool is_by_builds(const struct issue *i, const struct baseline_entry *e,
			 const struct likeness_evidence *evidence,
			 struct likeness *l)
{
	if (i->state == ISSUE_SUPPRESSED || !may_be_kin(i, e))
		return false;
	return is_within(i, e, evidence, 0, l) &&
	       (l->builds || l->passing || !l->placed);
}

/* `i` is accepted by `e`, beside others. */
static void share(struct issue *i, const struct baseline_entry *e,
		  const struct likeness *l)
{
	i->entry = e;
	i->known_count = e->count;
	i->known_bytes = e->bytes;
	i->kin = true;
	i->differs = likeness_text(l);
	if (!i->differs)
		i->differs = xstrdup("being a part of it");
}

/* For what is as large each: others are not a part of it. */
static bool has_room(const struct issues *list, const struct baseline_entry *e,
		     const struct issue *more)
{
	uint64_t count = more->count, bytes = more->bytes;

	if (!has_equal_parts(more, e))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct issue *one = &list->list[i];

		if (one->entry != e)
			continue;
		if (one->known_count != e->count) /* It has others, too. */
			return false;
		count += one->count;
		bytes += one->bytes;
	}
	return count <= e->count && bytes <= accepted_size(e);
}

/* To the nearest entry that has another finding, and enough for both. */
static void share_nearest(struct baseline *b, struct issues *list,
			  struct issue *i,
			  const struct likeness_evidence *evidence)
{
	const struct baseline_entry *nearest = NULL;
	struct likeness l, least = strange;

	for (size_t k = 0; k < b->count && !i->entry; k++) {
		const struct baseline_entry *e = &b->list[k];

		if (!e->pair || e->pair->state == ISSUE_SUPPRESSED ||
		    !is_by_builds(i, e, evidence, &l) || l.blind ||
		    likeness_rank(&l) >= likeness_rank(&least) ||
		    !has_room(list, e, i))
			continue;
		nearest = e;
		least = l;
	}
	if (nearest)
		share(i, nearest, &least);
}

/* Findings that are left over, of which the entry is the sum, or what it has
 * beside the finding that it accepts. */
static void split(struct baseline_entry *e, struct issues *list,
		  const struct likeness_evidence *evidence)
{
	const struct issue *has = e->pair;
	uint64_t count = e->count, bytes = accepted_size(e);
	struct parts parts = { 0 };
	struct likeness l;
	unsigned chosen;

	if (has) {
		if (has->known_count != e->count || /* It has others, too. */
		    has->state == ISSUE_SUPPRESSED || has->count >= count ||
		    has->bytes >= bytes)
			return;
		count -= has->count;
		bytes -= has->bytes;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct issue *one = &list->list[i];

		if (!one->entry && is_by_builds(one, e, evidence, &l) &&
		    !(has && l.blind))
			add_part(&parts, i, one->count, one->bytes);
	}
	chosen = find_sum(&parts, count, bytes);
	for (size_t i = 0; i < parts.count; i++) {
		struct issue *one = &list->list[parts.of[i]];

		if (!(chosen & 1u << i) || !is_by_builds(one, e, evidence, &l))
			continue;
		share(one, e, &l);
		if (!e->pair)
			e->pair = one;
	}
}

void baseline_kin_share(struct baseline *b, struct issues *list)
{
	struct likeness_evidence evidence = make_evidence(b, list);

	/* Entries that are left over, which make up what a finding has more. */
	for (size_t n = 0; n < list->count; n++) {
		struct issue *i = &list->list[n];
		uint64_t known = i->entry ? accepted_size(i->entry) : 0;
		struct parts parts = { 0 };
		struct likeness l;
		unsigned chosen;

		if (i->count < i->known_count || i->bytes < known)
			continue;
		for (size_t k = 0; k < b->count; k++)
			if (!b->list[k].pair &&
			    is_by_builds(i, &b->list[k], &evidence, &l))
				add_part(&parts, k, b->list[k].count,
					 accepted_size(&b->list[k]));
		chosen = find_sum(&parts, i->count - i->known_count,
				  i->bytes - known);
		for (size_t k = 0; k < parts.count; k++)
			if (chosen & 1u << k)
				pair(i, &b->list[parts.of[k]], &evidence);
	}
	for (size_t k = 0; k < b->count; k++)
		split(&b->list[k], list, &evidence);
	for (size_t n = 0; n < list->count; n++)
		share_nearest(b, list, &list->list[n], &evidence);
	release_evidence(&evidence);
}

/* --- The nearest ----------------------------------------------------------- */

/*
 * "differs from an accepted one only by parse, and in size: 2 of 100 B there, 1
 * of 20 B here". Of those that are as near one that nothing was found for: that
 * may be where it came from.
 */
static void tell_nearest(const struct baseline *b, struct issue *i,
			 const struct likeness_evidence *evidence)
{
	const struct baseline_entry *nearest = NULL;
	struct likeness least = { .weight = NEAR + 1 };
	char here[UNITS_SIZE], there[UNITS_SIZE];
	char *frames, *size = NULL;

	for (size_t k = 0; k < b->count; k++) {
		const struct baseline_entry *e = &b->list[k];
		struct likeness l;
		uint32_t x, y;

		if (!may_be_kin(i, e) ||
		    !is_within(i, e, evidence, least.weight, &l))
			continue;
		x = likeness_rank(&l);
		y = likeness_rank(&least);
		if (x > y || (x == y && (!nearest || e->pair)))
			continue;
		nearest = e;
		least = l;
	}
	if (!nearest)
		return;
	frames = likeness_text(&least);
	if (!baseline_kin_is_as_large(i, nearest))
		size = xasprintf(
		    "%s%" PRIu64 " of %s there, %" PRIu64 " of %s here",
		    frames ? ", and in size: " : "its size: ", nearest->count,
		    units_bytes(there, accepted_size(nearest)), i->count,
		    units_bytes(here, i->bytes));
	if (frames || size)
		i->other =
		    xasprintf("differs from an accepted one only by %s%s",
			      frames ? frames : "", size ? size : "");
	free(frames);
	free(size);
}

void baseline_kin_tell(struct baseline *b, struct issues *list)
{
	struct likeness_evidence evidence = make_evidence(b, list);

	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].state == ISSUE_NEW && !list->list[i].other)
			tell_nearest(b, &list->list[i], &evidence);
	release_evidence(&evidence);
}
