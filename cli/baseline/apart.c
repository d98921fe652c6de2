/* SPDX-License-Identifier: MIT */
#include "apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "die.h"
#include "sources.h"
#include "text_stream.h"

#define WHOLE 8 /* frames of a chain that is shown as a whole */
#define NEAR  2 /* frames shown beside one that distinguishes a longer one */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Lines that are not known are alike; then modules must be. */
static bool is_same(const struct issue_frame *a, const struct issue_frame *b)
{
	return a->line == b->line && is_same_text(a->symbol, b->symbol) &&
	       is_same_text(a->function, b->function) &&
	       is_same_text(a->file, b->file) &&
	       (a->line || is_same_text(a->module, b->module));
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

/* The innermost frame of `a` in which they differ, its last one where `b` begins
 * with `a`; a->count: they are equal. */
static size_t find_difference(const struct issue_stack *a,
			      const struct issue_stack *b)
{
	size_t n = 0;

	while (n < a->count && n < b->count &&
	       is_same(&a->frames[n], &b->frames[n]))
		n++;
	return n == a->count && n < b->count ? n - 1 : n;
}

struct apart apart_make(const struct apart_stack *list, size_t count, size_t i,
			const struct sources *sources)
{
	const struct issue_stack *s = list[i].stack;
	const size_t place = list[i].place;
	struct apart a = { .site = place };
	size_t from = place, to = place;
	bool *distinguishes = xcalloc(s->count + 1, sizeof(*distinguishes));
	bool any = false;

	for (size_t k = 0; k < count; k++) {
		const struct issue_stack *other = list[k].stack;
		size_t at = list[k].place, n;

		if (k == i || place >= s->count || at >= other->count ||
		    !is_same(&s->frames[place], &other->frames[at]))
			continue;
		n = find_difference(s, other);
		if (n >= s->count)
			continue;
		any = distinguishes[n] = true;
		from = n < from ? n : from;
		to = n > to ? n : to;
	}
	distinguishes[from] = distinguishes[place] = distinguishes[to] = true;
	if (any)
		a.chain = make_chain(s, distinguishes, from, to, sources);
	for (size_t n = to; any && n > place && !a.path; n--) {
		const struct issue_frame *f = &s->frames[n];

		if (f->file && f->line)
			a.path = sources_within(sources, f->file);
		if (a.path)
			a.site = n;
	}
	free(distinguishes);
	return a;
}

void apart_release(struct apart *a)
{
	free(a->chain);
	free(a->path);
	*a = (struct apart){ 0 };
}
