/* SPDX-License-Identifier: MIT */
#include "growth_threads.h"

#include <stdlib.h>

#include "die.h"

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
			  char *series)
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

/* --- Threads with enough passes --------------------------------------------- */

static void judge_alone(const struct growth_threads *k,
			const struct growth_lane *lane,
			const struct growth_entry *e, size_t n,
			struct growth_sum *sum)
{
	struct growth_judgement j;
	struct growth_series s;

	if (!n || !make_series(&s, e, n, lane->passes))
		return;
	j = growth_series_judge(&s, k->o->warmup, k->o->runs);
	if (j.verdict < GROWTH_PERIODIC)
		return;
	add_judgement(sum, j, growth_series_text(&s, k->o->warmup));
	add_totals(sum, e, n);
}

static void judge_each(const struct growth_threads *k,
		       const struct growth_entry *e, size_t n,
		       struct growth_sum *sum)
{
	size_t at = 0;

	for (size_t i = 0; i < k->lane_count; i++) {
		const struct growth_lane *lane = &k->lanes[i];
		size_t count = of_thread(e, n, lane->thread, &at);

		if (lane->alone)
			judge_alone(k, lane, e + at, count, sum);
	}
}

/* --- Threads with few passes ------------------------------------------------ */

static int by_thread(const void *a, const void *b)
{
	const struct growth_lane *x = a, *y = b;

	return (x->thread > y->thread) - (x->thread < y->thread);
}

static bool has_ended(const struct growth_threads *k, uint32_t thread)
{
	const struct growth_lane key = { .thread = thread };
	const struct growth_lane *lane = bsearch(&key, k->lanes, k->lane_count,
						 sizeof(*k->lanes), by_thread);

	/* Only a snapshot tells who was alive. */
	return lane && !lane->alone && k->m->meta.flags & RKN_META_SNAPSHOT &&
	       !(k->m->threads[thread].flags & RKN_THREAD_ALIVE);
}

/* Blocks of that type, alive when the thread that made them is not. */
static int64_t left_by_threads(const struct growth_threads *k, const char *type)
{
	int64_t left = 0;

	for (uint32_t b = 0; b < k->m->block_count; b++)
		if (has_ended(k, k->m->blocks[b].thread) &&
		    (!type || names_block_type(k->n, b) == type))
			left++;
	return left;
}

/* The passes of one thread behind those of the threads before it. */
static bool push_lane(struct growth_series *to, const struct growth_lane *lane,
		      const struct growth_entry *e, size_t n)
{
	struct growth_series s = { 0 };

	if (!make_series(&s, e, n, lane->passes) ||
	    lane->passes > RKN_REGION_BUCKETS || s.shift)
		return false;
	for (uint64_t i = 0; i < lane->passes; i++)
		growth_series_push(to, s.growth[i]);
	return true;
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

		if (lane->alone)
			continue;
		if (!push_lane(&s, lane, e + at, count))
			return;
		add_totals(&totals, e + at, count);
	}
	j = growth_series_judge(&s, k->o->warmup, k->o->runs);
	if (j.verdict != GROWTH_EVERY_PASS ||
	    left_by_threads(k, e->type) < j.objects)
		return;
	add_judgement(sum, j, growth_series_text(&s, k->o->warmup));
	sum->all += totals.all;
	sum->bytes += totals.bytes;
}

/* --- The whole process ------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct rkn_region *x = ((const struct growth_entry *)a)->r;
	const struct rkn_region *y = ((const struct growth_entry *)b)->r;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static int64_t alive_at_end(const struct model *m, const struct rkn_region *r)
{
	const struct rkn_stack *s;

	if (growth_is_all(r))
		return (int64_t)m->block_count;
	if (r->type != RKN_NONE)
		return (int64_t)(m->names[r->type].made -
				 m->names[r->type].ended);
	s = &m->stacks[r->stack];
	return (int64_t)(s->allocations - s->frees);
}

/* Entries 0 .. n-1 are of one stack or type: how many more of it the process has
 * after the last pass of any thread than before the first. */
static int64_t increase_of(const struct model *m, const struct growth_entry *e,
			   size_t n)
{
	int64_t before = INT64_MAX, after = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		const struct rkn_region *r = e[i].r;

		if (r->before == RKN_UNKNOWN || r->after == RKN_UNKNOWN)
			return alive_at_end(m, r);
		before = r->before < before ? r->before : before;
		after = r->after > after ? r->after : after;
	}
	return after - before;
}

static bool stays(const struct growth_threads *k, const struct growth_entry *e,
		  size_t n, const struct growth_sum *sum)
{
	struct growth_entry *sorted = xcalloc(n + 1, sizeof(*sorted));
	int64_t increase = 0;
	size_t next;

	for (size_t i = 0; i < n; i++)
		sorted[i] = e[i];
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 0; i < n; i = next) {
		for (next = i + 1;
		     next < n && !by_key(&sorted[i], &sorted[next]);)
			next++;
		increase += increase_of(k->m, sorted + i, next - i);
	}
	free(sorted);
	return increase >= sum->all / 2 && increase >= (int64_t)k->o->runs;
}

bool growth_threads_judge(const struct growth_threads *k,
			  const struct growth_entry *e, size_t n,
			  struct growth_sum *sum)
{
	judge_each(k, e, n, sum);
	if (k->together >= k->o->warmup + k->o->runs)
		judge_together(k, e, n, sum);
	return sum->judgement.verdict >= GROWTH_PERIODIC && stays(k, e, n, sum);
}
