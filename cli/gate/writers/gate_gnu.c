/* SPDX-License-Identifier: MIT */
/*
 * GNU's format for messages, which editors and pipelines parse:
 *
 *   lib/parse.c:40:1: error: leak of 3 objects, 300 B: Node [leak]
 *   lib/main.c:12:1: note: called from main
 */
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "sources.h"
#include "units.h"

static bool has_line(const struct issue_frame *f)
{
	return f && f->file && f->line;
}

/* "file:line:1: " of the frame, in the source tree if it is in it. */
static void print_position(FILE *out, const struct gate *g,
			   const struct issue_frame *f)
{
	char *within, *file;

	if (!has_line(f)) {
		file = escape(f && f->module ? f->module : "unknown");
		fprintf(out, "%s: ", file);
		free(file);
		return;
	}
	within = sources_within(g->sources, f->file);
	file = escape(within ? within : f->file);
	fprintf(out, "%s:%u:1: ", file, f->line);
	free(within);
	free(file);
}

/* Of what is in the source tree. */
static void print_note(FILE *out, const struct gate *g,
		       const struct issue_frame *f, const char *what,
		       const char *raw)
{
	char *within = sources_within(g->sources, f->file);
	char *where = escape(raw);

	if (within && f->line) {
		print_position(out, g, f);
		fprintf(out, "note: %s %s\n", what, where);
	}
	free(where);
	free(within);
}

/* A finding with its callers and other stacks. */
static void print_issue(FILE *out, const struct gate *g, const struct issue *i)
{
	const struct issue_stack *s = i->stacks;
	char *headline = issue_headline(i), *text = escape(headline);

	print_position(out, g, issue_site(i));
	fprintf(out, "error: %s: %s [%s]\n", finding_kinds[i->kind].noun, text,
		finding_kinds[i->kind].name);
	free(headline);
	free(text);
	if (i->apart.path) {
		text = xasprintf("%s in", s->what);
		print_note(out, g, issue_place(i), text,
			   issue_place(i)->function);
		free(text);
	}
	for (size_t n = i->place + 1; n < s->count; n++)
		if (!i->apart.path || n != i->apart.site)
			print_note(out, g, &s->frames[n], "called from",
				   s->frames[n].function);
	for (size_t k = 1; k < i->stack_count; k++) {
		const struct issue_frame *f = issue_stack_place(&i->stacks[k]);

		if (!f)
			continue;
		text = xasprintf("%s in", i->stacks[k].what);
		print_note(out, g, f, text, f->function);
		free(text);
	}
}

void gate_write_gnu(FILE *out, const struct gate *g)
{
	for (size_t k = 0; k < g->issues.count; k++)
		if (gate_fails(g, &g->issues.list[k]))
			print_issue(out, g, &g->issues.list[k]);
	/* What failed beside findings, at the place that has most of it, if that
	 * is known; and the other places. */
	for (size_t k = 0; k < g->verdict.rule_count; k++) {
		const struct gate_rule *r = &g->verdict.rules[k];
		const struct gate_worst *w = r->worst;
		const struct issue_frame *f =
		    w && w->place_count ? gate_place_frame(&w->places[0])
					: NULL;
		char amount[UNITS_SIZE], bytes[UNITS_SIZE], *text, *shown;

		if (!r->failed || r->kind != FINDING_KINDS)
			continue;
		if (has_line(f))
			print_position(out, g, f);
		else
			fputs("refknot: ", out);
		text = xasprintf("%s [%s]", r->text, r->id);
		shown = escape(text);
		fprintf(out, "error: %s\n", shown);
		free(shown);
		free(text);
		for (size_t i = 0; w && i < w->place_count; i++) {
			const struct gate_place *p = &w->places[i];

			f = gate_place_site(p);
			if (!has_line(f))
				continue;
			text = xasprintf(
			    "%s, %s %s, from",
			    units_count(amount, p->amount.objects, p->noun),
			    units_bytes(bytes, p->amount.bytes), p->stack.what);
			print_note(out, g, f, text, gate_place_text(p));
			free(text);
		}
	}
}
