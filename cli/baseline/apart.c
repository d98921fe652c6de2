/* SPDX-License-Identifier: MIT */
#include "apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "die.h"
#include "list.h"
#include "sources.h"
#include "text_stream.h"

#define WHOLE 8 /* frames of a chain that is shown as a whole */
#define NEAR  2 /* frames shown beside one that distinguishes a longer one */

/* NULL before each text. */
static int order_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : ORDER(a != NULL, b != NULL);
}

/* Lines that are not known are alike; then modules must be. */
static int order_frames(const struct issue_frame *a,
			const struct issue_frame *b)
{
	return ORDER(a->line, b->line)
		   ?: order_texts(a->symbol, b->symbol)
		   ?: order_texts(a->function, b->function)
		   ?: order_texts(a->file, b->file)
		   ?: (a->line ? 0 : order_texts(a->module, b->module));
}

/* "make_copy at copy.c:4, called by load at main.c:12": of a long chain from ..
 * to only the frames near those that distinguish it. */
static char *make_chain(const struct issue_stack *s, const bool *distinguishes,
			size_t from, size_t to, const struct sources *sources)
{
	size_t size, hidden = 0;
	char *text;
	FILE *out = text_stream_open(&text, &size);

	for (size_t n = from; n <= to; n++) {
		const struct issue_frame *f = &s->frames[n];
		bool shown = to - from < WHOLE;
		char *within;

		for (size_t i = n > from + NEAR ? n - NEAR : from;
		     i <= to && i <= n + NEAR; i++)
			shown |= distinguishes[i];
		if (!shown) {
			hidden++;
			continue;
		}
		if (hidden)
			fprintf(out, ", ... (%zu more)", hidden);
		hidden = 0;
		fprintf(out, "%s%s", n > from ? ", called by " : "",
			f->function);
		if (!f->file || !f->line)
			continue;
		within = sources_within(sources, f->file);
		fprintf(out, " at %s:%u", within ? within : base_name(f->file),
			f->line);
		free(within);
	}
	text_stream_close(out);
	return text;
}

/* How many frames they have in common, from the innermost on. */
static size_t find_common(const struct issue_stack *a,
			  const struct issue_stack *b)
{
	size_t n = 0;

	while (n < a->count && n < b->count &&
	       !order_frames(&a->frames[n], &b->frames[n]))
		n++;
	return n;
}

static bool has_place(const struct apart_stack *s)
{
	return s->place < s->stack->count;
}

/* By the frame to blame, then from the innermost frame on. */
static int order_stacks(const struct apart_stack *x,
			const struct apart_stack *y)
{
	const struct issue_stack *a = x->stack, *b = y->stack;
	size_t n;
	int order;

	if (!has_place(x) || !has_place(y))
		return ORDER(has_place(x), has_place(y));
	order = order_frames(&a->frames[x->place], &b->frames[y->place]);
	if (order)
		return order;
	n = find_common(a, b);
	return n == a->count || n == b->count
		   ? ORDER(a->count, b->count)
		   : order_frames(&a->frames[n], &b->frames[n]);
}

static int by_stack(const void *a, const void *b)
{
	return order_stacks(*(const struct apart_stack *const *)a,
			    *(const struct apart_stack *const *)b);
}

static bool same_place(const struct apart_stack *x, const struct apart_stack *y)
{
	return has_place(x) && has_place(y) &&
	       !order_frames(&x->stack->frames[x->place],
			     &y->stack->frames[y->place]);
}

/* In how many frames a stack begins as others do: each number once, ascending.
 */
struct shared {
	size_t *list;
	size_t count, room;
};

/* The next stack in order has `common` frames in common with the one that `s`
 * was of, so at most as many with all that were before. */
static void shared_next(struct shared *s, size_t common)
{
	while (s->count && s->list[s->count - 1] >= common)
		s->count--;
	if (s->count == s->room) {
		s->room = 2 * s->room + 8;
		s->list = xreallocarray(s->list, s->room, sizeof(*s->list));
	}
	s->list[s->count++] = common;
}

static void mark(bool *distinguishes, const struct issue_stack *s,
		 const struct shared *with)
{
	/* A longer one that begins with all of it: its last frame. */
	for (size_t i = 0; i < with->count; i++)
		distinguishes[with->list[i] < s->count ? with->list[i]
						       : s->count - 1] = true;
}

/* Marks in each stack the frames that distinguish it from those before it. */
static void mark_all(const struct apart_stack *const *sorted, size_t count,
		     ptrdiff_t step, bool *const *marks,
		     const struct apart_stack *list)
{
	struct shared shared = { 0 };

	for (size_t i = 1; i < count; i++) {
		const struct apart_stack *before = *sorted;
		const struct apart_stack *one = *(sorted += step);

		if (!same_place(before, one))
			shared.count = 0;
		else if (order_stacks(before, one))
			shared_next(&shared,
				    find_common(before->stack, one->stack));
		mark(marks[one - list], one->stack, &shared);
	}
	free(shared.list);
}

static struct apart conclude(const struct apart_stack *one, bool *distinguishes,
			     const struct sources *sources)
{
	const struct issue_stack *s = one->stack;
	const size_t place = one->place;
	struct apart a = { .site = place };
	size_t from = place, to = place;
	bool any = false;

	for (size_t n = 0; n < s->count; n++) {
		if (!distinguishes[n])
			continue;
		any = true;
		from = n < from ? n : from;
		to = n > to ? n : to;
	}
	if (!any)
		return a;
	distinguishes[from] = distinguishes[place] = distinguishes[to] = true;
	a.chain = make_chain(s, distinguishes, from, to, sources);
	for (size_t n = to; n > place && !a.path; n--) {
		const struct issue_frame *f = &s->frames[n];

		if (f->file && f->line)
			a.path = sources_within(sources, f->file);
		if (a.path)
			a.site = n;
	}
	return a;
}
void apart_make(const struct apart_stack *list, size_t count,
		const struct sources *sources, struct apart *result)
{
	const struct apart_stack **sorted = xcalloc(count + 1, sizeof(*sorted));
	bool **marks = xcalloc(count + 1, sizeof(*marks));

	for (size_t i = 0; i < count; i++) {
		sorted[i] = &list[i];
		marks[i] = xcalloc(list[i].stack->count + 1, sizeof(**marks));
	}
	if (count) {
		qsort(sorted, count, sizeof(*sorted), by_stack);
		mark_all(sorted, count, 1, marks, list);
		mark_all(sorted + count - 1, count, -1, marks, list);
	}
	for (size_t i = 0; i < count; i++) {
		result[i] = conclude(&list[i], marks[i], sources);
		free(marks[i]);
	}
	free(marks);
	free(sorted);
}

void apart_release(struct apart *a)
{
	free(a->chain);
	free(a->path);
	*a = (struct apart){ 0 };
}
