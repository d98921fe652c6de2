/* SPDX-License-Identifier: MIT */
#include "growth_threads.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"

int growth_by_type(const void *a, const void *b)
{
	const struct growth_entry *x = a, *y = b;

	return ORDER(x->type, y->type) ?:
	       ORDER(x->r->thread, y->r->thread) ?:
	       ORDER(x->r, y->r);
}

const char *growth_type(struct names *n, const struct rkn_region *r)
{
	return r->type != RKN_NONE ? names_type_called(n, r->type)
				   : names_type(n, r->stack);
}

const char *growth_identity(struct names *n, const struct rkn_region *r)
{
	return r->type != RKN_NONE ? names_type_called(n, r->type)
				   : names_type_before(n, r->stack);
}

/* Entries from e[*at] on, which ascend by thread, that are of `thread`: how many,
 * and *at is the first then. */
static size_t of_thread(const struct growth_entry *e, size_t n, uint32_t thread,
			size_t *at)
{
	size_t count = 0;

	while (*at < n && e[*at].r->thread < thread)
		++*at;
	while (*at + count < n && e[*at + count].r->thread == thread)
		count++;
	return count;
}

static void add_judgement(struct growth_sum *sum, struct growth_judgement j,
			  char *series, uint32_t thread)
{
	if (sum->judgement.verdict < j.verdict)
		sum->judgement.verdict = j.verdict;
	sum->judgement.passes += j.passes;
	sum->judgement.objects += j.objects;
	if (sum->series && sum->most >= j.objects) {
		free(series);
		return;
	}
	free(sum->series);
	sum->series = series;
	sum->thread = thread;
	sum->most = j.objects;
}

static void add_totals(struct growth_sum *sum, const struct growth_entry *e,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rkn_region *r = e[i].r;

		sum->all += (int64_t)(r->made - r->ended);
		sum->bytes += (int64_t)(r->made_bytes - r->ended_bytes);
	}
}

/* Entries 0 .. n-1 are one thread's; false: their order is not known. */
static bool make_series(struct growth_series *s, const struct growth_entry *e,
			size_t n, uint64_t passes)
{
	struct growth_series more;

	for (size_t i = 0; i < n; i++) {
		if (!e[i].r->buckets)
			return false;
		growth_series_init(i ? &more : s, e[i].r, passes);
		if (i)
			growth_series_add(s, &more);
	}
	return true;
}

/* --- Threads with few passes ------------------------------------------------ */

static int by_thread(const void *a, const void *b)
{
	const struct growth_lane *x = a, *y = b;

	return ORDER(x->thread, y->thread);
}

/* Only a snapshot says which threads were alive. */
static bool has_ended(const struct growth_threads *k, uint32_t thread)
{
	return k->in->m->meta.flags & RKN_META_SNAPSHOT &&
	       !(k->in->m->threads[thread].flags & RKN_THREAD_ALIVE);
}

/* As growth_identity(). */
static const char *type_of_block(const struct reading *in, uint32_t block)
{
	return names_object_at(in->names, block)
		   ? names_block_type(in->names, block)
		   : names_type_before(in->names, in->m->blocks[block].stack);
}

/* Blocks of that type, alive when the thread that made them is not. `alone`: of
 * threads with enough passes, too. */
static int64_t left_by_threads(const struct growth_threads *k, const char *type,
			       bool alone)
{
	int64_t left = 0;

	for (uint32_t b = 0; b < k->in->m->block_count; b++) {
		const struct growth_lane key = { k->in->m->blocks[b].thread };
		const struct growth_lane *lane =
		    bsearch(&key, k->lanes, k->lane_count, sizeof(*k->lanes),
			    by_thread);

		if (lane && (alone || !lane->alone) &&
		    has_ended(k, lane->thread) &&
		    (!type || type_of_block(k->in, b) == type))
			left++;
	}
	return left;
}

static void judge_together(const struct growth_threads *k,
			   const struct growth_entry *e, size_t n,
			   struct growth_sum *sum)
{
	struct growth_series s = { .run_known = true };
	struct growth_sum totals = { 0 };
	struct growth_judgement j;
	size_t at = 0;

	for (size_t i = 0; i < k->lane_count; i++) {
		const struct growth_lane *lane = &k->lanes[i];
		size_t count = of_thread(e, n, lane->thread, &at);
		struct growth_series one = { 0 };

		if (lane->alone)
			continue;
		if (!make_series(&one, e + at, count, lane->passes) ||
		    lane->passes > RKN_REGION_BUCKETS || one.shift)
			return;
		for (uint64_t p = 0; p < lane->passes; p++)
			growth_series_push(&s, one.growth[p]);
		add_totals(&totals, e + at, count);
	}
	j = growth_series_judge(&s, k->o->warmup, k->o->runs);
	if (j.verdict != GROWTH_EVERY_PASS ||
	    left_by_threads(k, e->type, false) < j.objects)
		return;
	add_judgement(sum, j, growth_series_text(&s, k->o->warmup), 0);
	sum->all += totals.all;
	sum->bytes += totals.bytes;
}

/* --- All threads side by side ------------------------------------------------- */

static void make_clock(struct growth_threads *k)
{
	struct growth_clock *c = &k->clock;

	c->known = k->lane_count > 1;
	c->from = UINT64_MAX;
	for (size_t i = 0; i < k->lane_count; i++) {
		const struct growth_lane *lane = &k->lanes[i];

		c->known &= lane->first && lane->last >= lane->first;
		c->from = lane->first < c->from ? lane->first : c->from;
		c->to = lane->last > c->to ? lane->last : c->to;
	}
	if (!c->known)
		return;
	c->from--;
	for (unsigned t = 0; t <= GROWTH_TICKS; t++)
		for (size_t i = 0; i < k->lane_count; i++) {
			const struct growth_lane *lane = &k->lanes[i];
			uint64_t number =
			    c->from + (uint64_t)((double)(c->to - c->from) * t /
						 GROWTH_TICKS);

			/* How far the lane was when that pass ended. */
			if (number >= lane->last)
				c->passes[t] += (double)lane->passes;
			else if (number >= lane->first)
				c->passes[t] +=
				    (double)lane->passes *
				    ((double)(number - lane->first + 1) /
				     (double)(lane->last - lane->first + 1));
		}
}

/* How many passes of all lanes had ended when `done` of that lane's had. */
static double time_of(const struct growth_threads *k,
		      const struct growth_lane *lane, uint64_t done)
{
	const struct growth_clock *c = &k->clock;
	double number =
	    (double)(lane->first - 1) + (double)(lane->last - lane->first + 1) *
					    (double)done / (double)lane->passes;
	double at = (number - (double)c->from) * GROWTH_TICKS /
		    (double)(c->to - c->from);
	unsigned tick = (unsigned)at;

	if (at >= GROWTH_TICKS)
		return c->passes[GROWTH_TICKS];
	return c->passes[tick] +
	       (at - tick) * (c->passes[tick + 1] - c->passes[tick]);
}

/* `growth` is evenly spread over that time. */
static void spread(struct growth_series *to, double from, double until,
		   int64_t growth)
{
	double width = (double)((uint64_t)1 << to->shift);
	int64_t done = 0;

	for (unsigned i = 0; i < RKN_REGION_BUCKETS; i++) {
		double end = (double)(i + 1) * width;
		int64_t part = growth;

		if (end <= from && i + 1 < RKN_REGION_BUCKETS)
			continue;
		if (end < until && i + 1 < RKN_REGION_BUCKETS)
			part = (int64_t)((double)growth * (end - from) /
					 (until - from));
		to->growth[i] += part - done;
		done = part;
		if (end >= until)
			return;
	}
}

/* Adds one lane to those beside it: what it grew. */
static int64_t put_beside(const struct growth_threads *k,
			  struct growth_series *to,
			  const struct growth_lane *lane,
			  const struct growth_series *s)
{
	uint64_t width = (uint64_t)1 << s->shift;
	/* What a thread that is alive sets up in its first passes is its own. */
	uint64_t own = width <= k->o->warmup && !has_ended(k, lane->thread)
			   ? k->o->warmup
			   : 0;
	int64_t grown = 0;

	for (uint64_t i = 0; i < RKN_REGION_BUCKETS; i++) {
		uint64_t from = i * width, until = from + width;

		until = until < lane->passes ? until : lane->passes;
		if (from < own || from >= until)
			continue;
		spread(to, time_of(k, lane, from), time_of(k, lane, until),
		       s->growth[i]);
		grown += s->growth[i];
	}
	to->least = s->least < to->least ? s->least : to->least;
	to->most = s->most > to->most ? s->most : to->most;
	to->shrinking += s->shrinking;
	if (__builtin_add_overflow(to->fall, s->fall, &to->fall))
		to->fall = INT64_MAX;
	return grown;
}

static void judge_beside(const struct growth_threads *k,
			 const struct growth_entry *e, size_t n,
			 struct growth_sum *sum)
{
	struct growth_series all = { .passes = k->passes }, s;
	struct growth_judgement j;
	int64_t of_ended = 0;
	size_t at = 0;

	while ((all.passes - 1) >> all.shift >= RKN_REGION_BUCKETS)
		all.shift++;
	for (size_t i = 0; i < k->lane_count; i++) {
		const struct growth_lane *lane = &k->lanes[i];
		size_t count = of_thread(e, n, lane->thread, &at);
		int64_t grown;

		if (!count)
			continue;
		if (!make_series(&s, e + at, count, lane->passes))
			return;
		grown = put_beside(k, &all, lane, &s);
		of_ended += has_ended(k, lane->thread) ? grown : 0;
	}
	j = growth_series_judge(&all, k->o->warmup, k->o->runs);
	if (j.verdict < GROWTH_PERIODIC ||
	    left_by_threads(k, e->type, true) <
		(of_ended < j.objects ? of_ended : j.objects))
		return;
	add_judgement(sum, j, growth_series_text(&all, k->o->warmup), 0);
	add_totals(sum, e, n);
}

/* --- Which stopped before the others ------------------------------------------ */

static int by_first(const void *a, const void *b)
{
	const struct growth_lane *x = a, *y = b;

	return ORDER(x->first, y->first);
}

void growth_threads_order(struct growth_threads *k)
{
	struct growth_lane *sorted;
	uint64_t *passes_from; /* of sorted[i] and those after it */

	make_clock(k);
	if (!k->clock.known)
		return;
	sorted = xcalloc(k->lane_count, sizeof(*sorted));
	passes_from = xcalloc(k->lane_count + 1, sizeof(*passes_from));
	for (size_t i = 0; i < k->lane_count; i++)
		sorted[i] = k->lanes[i];
	qsort(sorted, k->lane_count, sizeof(*sorted), by_first);
	for (size_t i = k->lane_count; i--;)
		passes_from[i] = passes_from[i + 1] + sorted[i].passes;
	/* Those that began after its end made the last third of all passes, and
	 * enough. */
	for (size_t i = 0; i < k->lane_count; i++) {
		size_t next = LOWER_BOUND(k->lane_count, n,
					  sorted[n].first <= k->lanes[i].last);

		k->lanes[i].stopped =
		    passes_from[next] >= k->o->warmup + k->o->runs &&
		    passes_from[next] >= k->passes / 3;
	}
	free(passes_from);
	free(sorted);
}

/* --- The whole process ------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct rkn_region *x = ((const struct growth_entry *)a)->r;
	const struct rkn_region *y = ((const struct growth_entry *)b)->r;

	return ORDER(x->type, y->type) ?: ORDER(x->stack, y->stack);
}

/* Entries 0 .. n-1 are of one stack or type: how many more of it the process has
 * after the last pass of any thread than before the first. */
static int64_t increase_of(const struct model *m, const struct growth_entry *e,
			   size_t n)
{
	int64_t before = INT64_MAX, after = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		const struct rkn_region *r = e[i].r;

		/* All that is alive at the end. */
		if (r->before == RKN_UNKNOWN || r->after == RKN_UNKNOWN)
			return growth_is_all(r) ? (int64_t)m->block_count
			       : r->type != RKN_NONE
				   ? (int64_t)(m->names[r->type].made -
					       m->names[r->type].ended)
				   : (int64_t)(m->stacks[r->stack].allocations -
					       m->stacks[r->stack].frees);
		before = r->before < before ? r->before : before;
		after = r->after > after ? r->after : after;
	}
	return after - before;
}

bool growth_threads_judge(const struct growth_threads *k,
			  const struct growth_entry *e, size_t n,
			  struct growth_sum *sum)
{
	struct growth_entry *sorted;
	int64_t increase = 0;
	size_t at = 0, next;

	for (size_t i = 0; i < k->lane_count; i++) {
		const struct growth_lane *lane = &k->lanes[i];
		size_t count = of_thread(e, n, lane->thread, &at);
		struct growth_judgement j;
		struct growth_series s;

		if (!lane->alone || lane->stopped || !count ||
		    !make_series(&s, e + at, count, lane->passes))
			continue;
		j = growth_series_judge(&s, k->o->warmup, k->o->runs);
		if (j.verdict < GROWTH_PERIODIC)
			continue;
		add_judgement(sum, j, growth_series_text(&s, k->o->warmup),
			      lane->thread);
		add_totals(sum, e + at, count);
	}
	if (k->together >= k->o->warmup + k->o->runs)
		judge_together(k, e, n, sum);
	if (k->clock.known && sum->judgement.verdict < GROWTH_PERIODIC)
		judge_beside(k, e, n, sum);
	if (sum->judgement.verdict < GROWTH_PERIODIC)
		return false;
	/* The process must have at least half of it more. */
	sorted = xcalloc(n + 1, sizeof(*sorted));
	memcpy(sorted, e, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 0; i < n; i = next) {
		for (next = i + 1;
		     next < n && !by_key(&sorted[i], &sorted[next]);)
			next++;
		increase += increase_of(k->in->m, sorted + i, next - i);
	}
	free(sorted);
	return increase >= sum->all / 2 && increase >= (int64_t)k->o->runs;
}
