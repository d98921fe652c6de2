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

/* Its own: what it holds may be counted for another in the next build. */
static uint64_t size_of(const struct issue *i)
{
	return i->bytes;
}

static uint64_t accepted_size(const struct baseline_entry *e)
{
	return e->bytes - e->held;
}

static bool has_equal_parts(const struct issue *i,
			    const struct baseline_entry *e)
{
	uint64_t here = size_of(i), there = accepted_size(e);

	return i->count && e->count && here % i->count == 0 &&
	       there % e->count == 0 && here / i->count == there / e->count;
}

bool baseline_kin_is_as_large(const struct issue *i,
			      const struct baseline_entry *e)
{
	if (i->count == e->count)
		return size_of(i) == accepted_size(e);
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
	if (strcmp(finding_kind_name(i->kind), e->kind) != 0)
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

static bool is_accepted(const struct likeness *l, const struct issue *i,
			const struct baseline_entry *e)
{
	if (l->weight || baseline_kin_is_as_large(i, e))
		return baseline_kin_is_as_large(i, e);
	if (has_equal_parts(i, e))
		return true;
	return l->placed && (!l->builds || i->count != e->count);
}

struct candidates {
	struct matching_edge *list;
	size_t count;
};

static void add_candidate(struct candidates *c, size_t issue, size_t entry,
			  uint32_t cost)
{
	*LIST_ADD(c->list, c->count) =
	    (struct matching_edge){ issue, entry, cost };
}

static void list_candidates(struct candidates *c, const struct baseline *b,
			    const struct issues *list, size_t issue,
			    const struct likeness_evidence *evidence)
{
	const struct issue *one = &list->list[issue];

	for (size_t k = 0; k < b->count; k++) {
		const struct baseline_entry *e = &b->list[k];
		struct likeness l;

		if (e->pair || !may_be_kin(one, e))
			continue;
		if (is_within(one, e, evidence, LIKENESS_EDIT, &l) &&
		    is_accepted(&l, one, e))
			add_candidate(c, issue, k,
				      likeness_rank(&l) +
					  (baseline_kin_is_as_large(one, e)
					       ? 0
					       : OTHER_SIZE));
	}
}

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

struct chunk_arrays {
	size_t of[MOST_PARTS];
	uint64_t counts[MOST_PARTS], bytes[MOST_PARTS];
	size_t count;
};

static void add_part(struct chunk_arrays *p, size_t of, uint64_t count,
		     uint64_t bytes)
{
	if (p->count == MOST_PARTS)
		return;
	p->of[p->count] = of;
	p->counts[p->count] = count;
	p->bytes[p->count++] = bytes;
}

static bool is_sum(const struct chunk_arrays *p, unsigned chosen,
		   uint64_t count, uint64_t bytes)
{
	for (size_t i = 0; i < p->count; i++)
		if (chosen & 1u << i) {
			if (p->counts[i] > count || p->bytes[i] > bytes)
				return false;
			count -= p->counts[i];
			bytes -= p->bytes[i];
		}
	return !count && !bytes;
}

/* Those that make it exactly, as bits; 0: none do. */
static unsigned find_sum(const struct chunk_arrays *p, uint64_t count,
			 uint64_t bytes)
{
	for (unsigned chosen = 1; chosen < 1u << p->count; chosen++)
		if (is_sum(p, chosen, count, bytes))
			return chosen;
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

/* For what is as large each: others are no part of it. */
static bool has_room(const struct issues *list, const struct baseline_entry *e,
		     const struct issue *more)
{
	uint64_t count = more->count, bytes = size_of(more);

	if (!has_equal_parts(more, e))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct issue *one = &list->list[i];

		if (one->entry != e)
			continue;
		if (one->known_count != e->count) /* It has others, too. */
			return false;
		count += one->count;
		bytes += size_of(one);
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

	for (size_t k = 0; k < b->count; k++) {
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

/* What the entry has beside the finding that it accepts; false: nothing. */
static bool find_rest(const struct baseline_entry *e, uint64_t *count,
		      uint64_t *bytes)
{
	const struct issue *i = e->pair;

	*count = e->count;
	*bytes = accepted_size(e);
	if (!i)
		return true;
	if (i->known_count != e->count || /* It has others, too. */
	    i->state == ISSUE_SUPPRESSED || i->count >= e->count ||
	    size_of(i) >= *bytes)
		return false;
	*count -= i->count;
	*bytes -= size_of(i);
	return true;
}

/* Findings that are left over, of which the entry, or the rest of it, is the
 * sum. */
static void split(struct baseline_entry *e, struct issues *list,
		  const struct likeness_evidence *evidence)
{
	struct chunk_arrays parts = { 0 };
	struct likeness l;
	uint64_t count, bytes;
	unsigned chosen;

	if (!find_rest(e, &count, &bytes))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct issue *one = &list->list[i];

		if (!one->entry && is_by_builds(one, e, evidence, &l) &&
		    !(e->pair && l.blind))
			add_part(&parts, i, one->count, size_of(one));
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

/* Entries that are left over, which make up what the finding has more. */
static void join(struct baseline *b, struct issue *i,
		 const struct likeness_evidence *evidence)
{
	struct chunk_arrays parts = { 0 };
	struct likeness l;
	unsigned chosen;

	uint64_t known = i->entry ? accepted_size(i->entry) : 0;

	if (i->count < i->known_count || size_of(i) < known)
		return;
	for (size_t k = 0; k < b->count; k++)
		if (!b->list[k].pair &&
		    is_by_builds(i, &b->list[k], evidence, &l))
			add_part(&parts, k, b->list[k].count,
				 accepted_size(&b->list[k]));
	chosen =
	    find_sum(&parts, i->count - i->known_count, size_of(i) - known);
	for (size_t k = 0; k < parts.count; k++)
		if (chosen & 1u << k)
			pair(i, &b->list[parts.of[k]], evidence);
}

void baseline_kin_share(struct baseline *b, struct issues *list)
{
	struct likeness_evidence evidence = make_evidence(b, list);

	for (size_t i = 0; i < list->count; i++)
		join(b, &list->list[i], &evidence);
	for (size_t k = 0; k < b->count; k++)
		split(&b->list[k], list, &evidence);
	for (size_t i = 0; i < list->count; i++)
		if (!list->list[i].entry)
			share_nearest(b, list, &list->list[i], &evidence);
	release_evidence(&evidence);
}

/* --- The nearest ----------------------------------------------------------- */

/* "100 B there, 20 B here" */
static char *size_text(const struct issue *i, const struct baseline_entry *e)
{
	char here[UNITS_SIZE], there[UNITS_SIZE];

	return xasprintf("%" PRIu64 " of %s there, %" PRIu64 " of %s here",
			 e->count, units_bytes(there, accepted_size(e)),
			 i->count, units_bytes(here, size_of(i)));
}

static void tell(struct issue *i, const struct baseline_entry *e,
		 const struct likeness *l)
{
	char *frames = likeness_text(l);
	char *size = baseline_kin_is_as_large(i, e) ? NULL : size_text(i, e);

	if (frames || size)
		i->other =
		    xasprintf("differs from an accepted one only by %s%s%s",
			      frames ? frames : "",
			      frames && size ? ", and in size: "
			      : size         ? "its size: "
					     : "",
			      size ? size : "");
	free(frames);
	free(size);
}

/* Of those that are as near one that nothing was found for: that may be where it
 * came from. */
static void find_nearest(const struct baseline *b, struct issue *i,
			 const struct likeness_evidence *evidence)
{
	const struct baseline_entry *nearest = NULL;
	struct likeness least = { .weight = NEAR + 1 };

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
	if (nearest)
		tell(i, nearest, &least);
}

void baseline_kin_tell(struct baseline *b, struct issues *list)
{
	struct likeness_evidence evidence = make_evidence(b, list);

	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].state == ISSUE_NEW && !list->list[i].other)
			find_nearest(b, &list->list[i], &evidence);
	release_evidence(&evidence);
}
