/* SPDX-License-Identifier: MIT */
#include "growth_series.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "die.h"
#include "list.h"
#include "status.h"

#define BUCKETS RKN_REGION_BUCKETS

static void widen(struct growth_series *s)
{
	for (unsigned i = 0; i < BUCKETS / 2; i++)
		s->growth[i] = s->growth[2 * i] + s->growth[2 * i + 1];
	memset(s->growth + BUCKETS / 2, 0, sizeof(s->growth) / 2);
	s->shift++;
}

void growth_series_init(struct growth_series *s, const struct rkn_region *r,
			uint64_t passes)
{
	*s = (struct growth_series){
		.passes = passes,
		.shift = r->series_shift,
		.grown_since = r->grown_since,
		.grown_until = r->grown_until,
		.run_known = true,
		.least = r->least < 0 ? r->least : 0,
		.most = r->most > 0 ? r->most : 0,
		/* Values that are not known one by one count as the least. */
		.shrinking = r->others && r->other_least < 0 ? r->others : 0,
		.fall = r->first ? r->fall : INT64_MAX,
	};
	for (unsigned i = 0; i < RKN_REGION_VALUES; i++)
		if (r->times[i] && r->values[i] < 0)
			s->shrinking += r->times[i];
	memcpy(s->growth, r->series, sizeof(s->growth));
	while (passes && (passes - 1) >> s->shift >= BUCKETS)
		widen(s);
}

void growth_series_add(struct growth_series *s, const struct growth_series *of)
{
	struct growth_series more = *of;

	while (more.shift < s->shift)
		widen(&more);
	while (s->shift < more.shift)
		widen(s);
	for (unsigned i = 0; i < BUCKETS; i++)
		s->growth[i] += more.growth[i];
	s->least += more.least;
	s->most += more.most;
	s->shrinking += more.shrinking;
	if (__builtin_add_overflow(s->fall, more.fall, &s->fall))
		s->fall = INT64_MAX;
	s->run_known = false;
}

void growth_series_push(struct growth_series *s, int64_t growth)
{
	uint64_t pass = s->passes++;

	while (pass >> s->shift >= BUCKETS)
		widen(s);
	s->growth[pass >> s->shift] += growth;
	if (growth < s->least)
		s->least = growth;
	if (growth > s->most)
		s->most = growth;
	s->shrinking += growth < 0;
	s->level += growth;
	s->top = s->level > s->top ? s->level : s->top;
	s->fall = s->top - s->level > s->fall ? s->top - s->level : s->fall;
	if (growth <= 0)
		return;
	if (s->grown_until != pass)
		s->grown_since = pass;
	s->grown_until = pass + 1;
}

/* --- The rules ---------------------------------------------------------------- */

/* The buckets of passes that count: first .. end-1. */
struct window {
	const int64_t *growth;
	unsigned first, end;
	uint64_t passes; /* in them */
	int64_t objects;
};

static struct window window_of(const struct growth_series *s, uint64_t warmup)
{
	uint64_t width = 1ull << s->shift;
	uint64_t first = warmup / width + (warmup % width != 0);
	struct window w = { .growth = s->growth };

	w.end = s->passes ? (unsigned)((s->passes - 1) >> s->shift) + 1 : w.end;
	w.first = first < w.end ? (unsigned)first : w.end;
	w.passes = w.first < w.end ? s->passes - w.first * width : 0;
	for (unsigned i = w.first; i < w.end; i++)
		w.objects += s->growth[i];
	return w;
}

static bool grows_every_pass(const struct growth_series *s,
			     const struct window *w, uint64_t warmup)
{
	if (s->shift)
		return s->run_known && s->grown_since <= warmup &&
		       s->grown_until == s->passes;
	for (unsigned i = w->first; i < w->end; i++)
		if (w->growth[i] < 1)
			return false;
	return true;
}

/* What buckets from .. to-1 of the window grow, and so many passes are in them. */
static struct window part_of(const struct window *w, unsigned shift,
			     unsigned from, unsigned to)
{
	struct window part = { w->growth, w->first + from, w->first + to, 0,
			       0 };

	for (unsigned i = part.first; i < part.end; i++)
		part.objects += w->growth[i];
	part.passes = (uint64_t)(to - from) << shift;
	/* The last bucket may not be full. */
	if (part.end == w->end)
		part.passes = w->passes - ((uint64_t)from << shift);
	return part;
}

/* The greatest growth of one pass, as far as buckets show it: not the warm-up's. */
static int64_t step_of(const struct growth_series *s, const struct window *w)
{
	int64_t step = 0;

	for (unsigned i = w->first; i < w->end; i++)
		step = w->growth[i] > step ? w->growth[i] : step;
	return s->most < step ? s->most : step;
}

static bool is_full(const struct growth_series *s, const struct window *w)
{
	return !(w->passes & (((uint64_t)1 << s->shift) - 1));
}

/* How much of it must be growth. */
struct demands {
	double slowest; /* the last third's rate beside the first's */
	double surety;  /* of a decline, in standard deviations */
	int64_t steps;  /* objects, in the greatest growth of one pass */
	bool exact;     /* the growth of one pass excuses nothing */
};

static const struct demands of_all = { 0.65, 1.64, 5, false };
/* It is a second try: a chance more to be wrong. */
static const struct demands of_rest = { 0.8, 0.6, 20, true };

/*
 * Does each third grow, and the last not slower? Amounts differ from pass to pass:
 * a last third that is slower may be chance. Mann and Kendall's test says so: of
 * all pairs of full buckets, is the later one so often the lesser?
 */
static bool thirds_grow(const struct growth_series *s, const struct window *w,
			const struct demands *d)
{
	unsigned count = w->end - w->first, end = w->end - !is_full(s, w);
	struct window first = part_of(w, s->shift, 0, count / 3);
	struct window second = part_of(w, s->shift, count / 3, 2 * count / 3);
	struct window last = part_of(w, s->shift, 2 * count / 3, count);
	double due =
	    (double)first.objects * (double)last.passes / (double)first.passes;
	double n = (double)end - (double)w->first, less = 0;
	double deviation2 = n * (n - 1) * (2 * n + 5) / 18;

	if (first.objects <= 0 || second.objects <= 0 || last.objects <= 0)
		return false;
	if (!d->exact && (double)(last.objects + step_of(s, w)) >= due)
		return true;
	for (unsigned i = w->first; i < end; i++)
		for (unsigned k = i + 1; k < end; k++)
			less -= ORDER(w->growth[k], w->growth[i]);
	return (double)last.objects >= d->slowest * due &&
	       (less <= 0 || less * less <= d->surety * d->surety * deviation2);
}

/* `events`: how many buckets grow. What has ended is the widest gap. */
static bool gaps_widen(const struct growth_series *s, const struct window *w,
		       unsigned events)
{
	unsigned end = w->end - !is_full(s, w);
	unsigned earlier = 0, later = 0, seen = 0, last = 0;

	for (unsigned i = w->first; i < w->end; i++) {
		unsigned *widest = seen > events / 2 ? &later : &earlier;

		if (w->growth[i] <= 0)
			continue;
		if (seen++ && i - last > *widest)
			*widest = i - last;
		last = i;
	}
	return later > earlier + 1 ||
	       end > last + (earlier > later ? earlier : later);
}

/* The deepest fall on the way. */
static double fall_of(const struct growth_series *s, const struct window *w)
{
	int64_t level = 0, top = 0, fall = 0;
	double width = (double)((uint64_t)1 << s->shift), hidden = 0;
	double shrinking = 1 + width * (double)s->shrinking / (double)s->passes;

	/* How deep it may fall inside a bucket: half of its passes shrink at
	 * most if it grows in the end, and no more of them than elsewhere, but
	 * for one; and no deeper than it ever fell. */
	if (s->shift)
		hidden = (double)-s->least *
			 (shrinking < width / 2 ? shrinking : width / 2);
	if (hidden > (double)s->fall)
		hidden = (double)s->fall;
	for (unsigned i = w->first; i < w->end; i++) {
		level += w->growth[i];
		top = level > top ? level : top;
		fall = top - level > fall ? top - level : fall;
	}
	return (double)fall > hidden ? (double)fall : hidden;
}

static bool grows_in(const struct growth_series *s, const struct window *w,
		     uint64_t runs, const struct demands *d)
{
	unsigned events = 0;
	bool dense;

	for (unsigned i = w->first; i < w->end; i++)
		events += w->growth[i] > 0;
	/* A few steps are not a trend, unless half of the buckets have one. */
	dense = 2 * events >= w->end - w->first;
	return w->passes / 3 >= runs && events > runs &&
	       w->objects >= (d->steps - dense) * step_of(s, w) &&
	       thirds_grow(s, w, d) && !gaps_widen(s, w, events) &&
	       (double)w->objects >= 2 * fall_of(s, w);
}

struct growth_judgement growth_series_judge(const struct growth_series *s,
					    uint64_t warmup, uint64_t runs)
{
	struct window w = window_of(s, warmup);
	unsigned n = w.end - w.first;
	struct window rest = part_of(&w, s->shift, n / 3, n);
	struct growth_judgement j = { .verdict = GROWTH_STEADY,
				      .passes = w.passes,
				      .objects = w.objects };

	if (s->passes <= warmup || s->passes - warmup < runs)
		j.verdict = GROWTH_TOO_FEW;
	else if (grows_every_pass(s, &w, warmup))
		j.verdict = GROWTH_EVERY_PASS;
	else if (grows_in(s, &w, runs, &of_all) ||
		 grows_in(s, &rest, runs, &of_rest))
		j.verdict = GROWTH_PERIODIC;
	return j;
}

/* --- Words -------------------------------------------------------------------- */

char *growth_series_text(const struct growth_series *s, uint64_t warmup)
{
	struct window w = window_of(s, warmup);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	for (unsigned i = w.first; i < w.end; i++)
		fprintf(out, w.growth[i] ? "%s%+" PRId64 : "%s%" PRId64,
			i == w.first ? "" : " ", w.growth[i]);
	if (s->shift)
		fprintf(out, "%sby %" PRIu64 " passes",
			w.first < w.end ? " " : "", (uint64_t)1 << s->shift);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

char *growth_rate_text(const struct growth_judgement *j, const char *noun)
{
	uint64_t objects = (uint64_t)j->objects, tenths;
	bool es = noun[strlen(noun) - 1] == 's';

	if (j->objects <= 0 || !j->passes)
		return xasprintf("%" PRId64, j->objects);
	if (objects <= j->passes / 2)
		return xasprintf("+1 every %" PRIu64 " %s%s",
				 (j->passes + objects / 2) / objects, noun,
				 es ? "es" : "s");
	if (objects % j->passes == 0)
		return xasprintf("+%" PRIu64 " a %s", objects / j->passes,
				 noun);
	tenths = (uint64_t)((double)objects * 10 / (double)j->passes + 0.5);
	return xasprintf("+%" PRIu64 ".%" PRIu64 " a %s", tenths / 10,
			 tenths % 10, noun);
}
