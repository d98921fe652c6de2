/* SPDX-License-Identifier: MIT */
#include "instants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "list.h"
#include "marks.h"
#include "peak.h"
#include "units.h"

const char *const instant_names[INSTANT_KINDS] = { "mark", "start", "peak",
						   "end", "key frame" };

bool instants_known(const struct model *m)
{
	return m->point_count;
}

const struct rkn_point *instants_peak(const struct model *m)
{
	for (size_t i = 0; i < m->point_count; i++)
		if (m->points[i].flags & RKN_POINT_PEAK)
			return &m->points[i];
	return NULL;
}

/* Objects count apart from their blocks' stacks. */
static bool is_by_stack(const struct model *m, const struct rkn_mark *mark)
{
	for (uint32_t i = 0; i < mark->rows; i++)
		if (m->census[mark->first + i].stack == RKN_NONE)
			return false;
	return true;
}

/* Among those of one time. */
static int rank(const struct instant *i)
{
	return i->kind == INSTANT_START ? 0 : i->kind == INSTANT_END ? 2 : 1;
}

static int by_time(const void *a, const void *b)
{
	const struct instant *x = a, *y = b;

	return ORDER(x->time_ns, y->time_ns)
		   ?: ORDER(rank(x), rank(y)) ?: ORDER(x->kind, y->kind);
}

struct instant instants_end(const struct model *m)
{
	return (struct instant){ .kind = INSTANT_END,
				 .time_ns = m->meta.duration_ns };
}

uint64_t instants_births(const struct model *m)
{
	return m->points[m->point_count - 1].births;
}

uint64_t instants_alive(const struct model *m, uint64_t time_ns)
{
	uint64_t bytes = 0;

	for (size_t i = 0;
	     i < m->point_count && m->points[i].time_ns <= time_ns; i++)
		bytes = m->points[i].bytes;
	return bytes;
}

char *instants_order(const struct instant *first, const char *first_text,
		     const struct instant *last, const char *last_text)
{
	char a[UNITS_SIZE], b[UNITS_SIZE], *x, *y, *why;

	if (first->time_ns <= last->time_ns)
		return NULL;
	x = escape(first_text);
	y = escape(last_text);
	why =
	    xasprintf("%s is at %s, %s at %s", x, units_time(a, first->time_ns),
		      y, units_time(b, last->time_ns));
	free(x);
	free(y);
	return why;
}

struct instant *instants_list(const struct model *m, size_t *count)
{
	const struct rkn_point *peak = instants_peak(m);
	struct instant *list =
	    xcalloc(m->key_count + m->mark_count + 3, sizeof(*list));
	size_t n = 0;

	list[n++] = (struct instant){ .kind = INSTANT_START };
	list[n++] = instants_end(m);
	if (peak && !peak_why_unknown(m))
		list[n++] = (struct instant){ .kind = INSTANT_PEAK,
					      .time_ns = peak->time_ns };
	for (size_t i = 0; i < m->key_count; i++)
		list[n++] = (struct instant){
			.kind = INSTANT_KEY,
			.time_ns = m->keys[i].point.time_ns,
			.key = &m->keys[i],
		};
	for (size_t i = 0; i < m->mark_count; i++)
		if (is_by_stack(m, &m->marks[i]))
			list[n++] = (struct instant){
				.kind = INSTANT_MARK,
				.time_ns = m->marks[i].time_ns,
				.mark = &m->marks[i],
			};
	qsort(list, n, sizeof(*list), by_time);
	*count = n;
	return list;
}

static uint64_t distance(const struct instant *i, uint64_t time_ns)
{
	return i->time_ns > time_ns ? i->time_ns - time_ns
				    : time_ns - i->time_ns;
}

static bool is_asked(const struct instant *i, const struct instant *asked)
{
	return i->kind == asked->kind && i->time_ns == asked->time_ns &&
	       i->mark == asked->mark;
}

const struct instant *instants_nearest(const struct instant *list, size_t count,
				       const struct instant *asked)
{
	const struct instant *best = list;
	const uint64_t time_ns = asked->time_ns;

	for (size_t i = 0; i < count; i++)
		if (is_asked(&list[i], asked))
			return &list[i];

	for (size_t i = 1; i < count; i++)
		if (distance(&list[i], time_ns) < distance(best, time_ns) ||
		    (distance(&list[i], time_ns) == distance(best, time_ns) &&
		     list[i].kind < best->kind))
			best = &list[i];
	return best;
}

static struct instant_sum difference(uint64_t blocks, uint64_t gone,
				     uint64_t bytes, uint64_t gone_bytes)
{
	if (blocks <= gone)
		return (struct instant_sum){ 0 };
	return (struct instant_sum){ blocks - gone, bytes > gone_bytes
							? bytes - gone_bytes
							: 0 };
}

void instants_sums(const struct model *m, const struct instant *at,
		   struct instant_sum *sums)
{
	memset(sums, 0, (m->stack_count + 1) * sizeof(*sums));
	for (size_t i = 0; i < m->stack_count && at->kind == INSTANT_END; i++) {
		const struct rkn_stack *s = &m->stacks[i];

		sums[i] = difference(s->allocations, s->frees,
				     s->allocated_bytes, s->freed_bytes);
	}
	for (size_t i = 0; i < m->stack_count && at->kind == INSTANT_PEAK; i++)
		sums[i] = (struct instant_sum){ m->stacks[i].peak_blocks,
						m->stacks[i].peak_bytes };
	for (uint32_t i = 0; at->key && i < at->key->rows; i++) {
		const struct rkn_key_row *r = &m->key_rows[at->key->first + i];

		sums[r->stack == RKN_NONE ? m->stack_count : r->stack] =
		    (struct instant_sum){ r->blocks, r->bytes };
	}
	for (uint32_t i = 0; at->mark && i < at->mark->rows; i++) {
		const struct rkn_census *c = &m->census[at->mark->first + i];

		sums[c->stack].blocks += c->live;
		sums[c->stack].bytes += c->bytes;
	}
}

/* --- What people call a time ------------------------------------------------------ */

static const struct {
	const char *name;
	double ns;
} units[] = {
	{ "", 1e9 },   { "s", 1e9 },    { "ms", 1e6 },
	{ "us", 1e3 }, { "min", 6e10 }, { "h", 3.6e12 },
};

static bool is_known(const struct model *m, const char *text,
		     struct instant *asked)
{
	const struct rkn_mark *mark = marks_find(m, text);
	const struct rkn_point *peak = instants_peak(m);

	if (mark)
		*asked = (struct instant){ .kind = INSTANT_MARK,
					   .time_ns = mark->time_ns,
					   .mark = mark };
	else if (!strcmp(text, "start"))
		*asked = (struct instant){ .kind = INSTANT_START };
	else if (!strcmp(text, END_NAME))
		*asked = instants_end(m);
	else if (!strcmp(text, PEAK_NAME) && peak)
		*asked = (struct instant){ .kind = INSTANT_PEAK,
					   .time_ns = peak->time_ns };
	else
		return false;
	return true;
}

/* Behind the end, and not only as that is rounded where it is printed. */
static char *why_behind(const struct model *m, const char *text, double ns)
{
	char asked[UNITS_SIZE], end[UNITS_SIZE];
	char *shown, *why;

	units_time(end, m->meta.duration_ns);
	if (ns <= (double)m->meta.duration_ns ||
	    (ns < (double)UINT64_MAX &&
	     !strcmp(units_time(asked, (uint64_t)ns), end)))
		return NULL;
	shown = escape(text);
	why = xasprintf("\"%s\" is behind the end of the run, which was at %s",
			shown, end);
	free(shown);
	return why;
}

char *instants_parse(const struct model *m, const char *text,
		     struct instant *asked)
{
	const double all = (double)m->meta.duration_ns;
	double number, ns = -1;
	char *end, *list, *shown, *why;

	if (is_known(m, text, asked))
		return NULL;
	number = strtod(text, &end);
	if (end > text && isfinite(number) && number >= 0) {
		if (!strcmp(end, "%"))
			ns = number / 100 * all;
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (!strcmp(end, units[i].name))
				ns = number * units[i].ns;
	}
	if (ns >= 0) {
		why = why_behind(m, text, ns);
		if (why)
			return why;
		*asked = (struct instant){
			.kind = INSTANT_KINDS,
			.time_ns = ns < all ? (uint64_t)ns : m->meta.duration_ns
		};
		return NULL;
	}
	list = marks_list(m);
	shown = escape(text);
	why = xasprintf(
	    "\"%s\" is not a time of the run: give seconds, a part such as 40%%, start, peak, end or a mark; its marks: %s",
	    shown, list);
	free(shown);
	free(list);
	return why;
}
