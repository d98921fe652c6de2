/* SPDX-License-Identifier: MIT */
#include "apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "die.h"
#include "sources.h"
#include "status.h"

#define WHOLE 8 /* frames of a chain that is told as a whole */
#define NEAR  2 /* frames beside those that tell, of a longer one */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Lines that are not known are alike; then modules must be. */
static bool is_same(const struct issue_frame *a, const struct issue_frame *b)
{
	return a->line == b->line && is_same_text(a->function, b->function) &&
	       is_same_text(a->file, b->file) &&
	       (a->line || is_same_text(a->module, b->module));
}

static bool have_one_place(const struct apart_stack *a,
			   const struct apart_stack *b)
{
	return a->place < a->stack->count && b->place < b->stack->count &&
	       is_same(&a->stack->frames[a->place],
		       &b->stack->frames[b->place]);
}

/* The innermost frame of `a` in which they differ, its last where it is the
 * beginning of `b`; a->count: they are equal. */
static size_t find_difference(const struct issue_stack *a,
			      const struct issue_stack *b)
{
	size_t n = 0;

	while (n < a->count && n < b->count &&
	       is_same(&a->frames[n], &b->frames[n]))
		n++;
	return n == a->count && n < b->count ? n - 1 : n;
}

/* --- The text ---------------------------------------------------------------- */

static void print_frame(FILE *out, const struct issue_frame *f,
			const struct sources *sources)
{
	char *within;

	fputs(f->function, out);
	if (!f->file || !f->line)
		return;
	within = sources_within(sources, f->file);
	fprintf(out, " at %s:%u", within ? within : base_name(f->file),
		f->line);
	free(within);
}

/* Whether frame `n` of from .. to is near one that tells. */
static bool is_shown(const bool *tells, size_t from, size_t to, size_t n)
{
	size_t first = n > from + NEAR ? n - NEAR : from;

	for (size_t i = first; i <= to && i <= n + NEAR; i++)
		if (tells[i])
			return true;
	return to - from < WHOLE;
}

static char *make_chain(const struct issue_stack *s, const bool *tells,
			size_t from, size_t to, const struct sources *sources)
{
	char *text = NULL;
	size_t size, hidden = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	for (size_t n = from; n <= to; n++) {
		if (!is_shown(tells, from, to, n)) {
			hidden++;
			continue;
		}
		if (hidden)
			fprintf(out, ", ... (%zu more)", hidden);
		hidden = 0;
		fputs(n > from ? ", called by " : "", out);
		print_frame(out, &s->frames[n], sources);
	}
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

/* --- The line ---------------------------------------------------------------- */

static void find_site(struct apart *a, const struct issue_stack *s, size_t to,
		      const struct sources *sources)
{
	const size_t place = a->site;

	for (size_t n = to; n > place && !a->path; n--) {
		const struct issue_frame *f = &s->frames[n];

		if (f->file && f->line)
			a->path = sources_within(sources, f->file);
		if (a->path)
			a->site = n;
	}
}

struct apart apart_make(const struct apart_stack *list, size_t count, size_t i,
			const struct sources *sources)
{
	const struct issue_stack *s = list[i].stack;
	const size_t place = list[i].place;
	struct apart a = { .site = place };
	size_t from = place, to = place;
	bool *tells = xcalloc(s->count + 1, sizeof(*tells)), any = false;

	for (size_t k = 0; k < count; k++) {
		size_t n;

		if (k == i || !have_one_place(&list[i], &list[k]))
			continue;
		n = find_difference(s, list[k].stack);
		if (n >= s->count)
			continue;
		any = tells[n] = true;
		from = n < from ? n : from;
		to = n > to ? n : to;
	}
	tells[from] = tells[place] = tells[to] = true;
	if (any) {
		a.chain = make_chain(s, tells, from, to, sources);
		find_site(&a, s, to, sources);
	}
	free(tells);
	return a;
}

void apart_release(struct apart *a)
{
	free(a->chain);
	free(a->path);
	*a = (struct apart){ 0 };
}
