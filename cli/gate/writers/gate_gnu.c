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
#include "gate_rules.h"
#include "gate_writers.h"
#include "sources.h"
#include "units.h"

/* "file:line:1: " of the frame, in the source tree if it is in it. */
static void print_position(FILE *out, const struct gate *g,
			   const struct issue_frame *f)
{
	char *within, *file;

	if (!f || !f->file || !f->line) {
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

static void print_stacks(FILE *out, const struct gate *g, const struct issue *i)
{
	const struct issue_stack *s = i->stacks;

	if (i->apart.path) {
		char *what = xasprintf("%s in", s->what);

		print_note(out, g, issue_place(i), what,
			   issue_place(i)->function);
		free(what);
	}
	for (size_t n = i->place + 1; n < s->count; n++)
		if (!i->apart.path || n != i->apart.site)
			print_note(out, g, &s->frames[n], "called from",
				   s->frames[n].function);
	for (size_t k = 1; k < i->stack_count; k++)
		if (i->stacks[k].count) {
			const struct issue_frame *f =
			    issue_stack_place(&i->stacks[k]);
			char *what = xasprintf("%s in", i->stacks[k].what);

			print_note(out, g, f, what, f->function);
			free(what);
		}
}

static void print_places(FILE *out, const struct gate *g,
			 const struct gate_worst *w)
{
	char amount[UNITS_SIZE], bytes[UNITS_SIZE];

	for (size_t i = 0; w && i < w->place_count; i++) {
		const struct gate_place *p = &w->places[i];
		const struct issue_frame *f = gate_place_site(p);
		char *what;

		if (!f || !f->file || !f->line)
			continue;
		what = xasprintf(
		    "%s, %s %s, from",
		    units_count(amount, p->amount.objects, "object"),
		    units_bytes(bytes, p->amount.bytes), p->stack.what);
		print_note(out, g, f, what, gate_place_text(p));
		free(what);
	}
}

/* At the place that has most of it, if that is known. */
static void print_rule(FILE *out, const struct gate *g,
		       const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;
	const struct issue_frame *f =
	    w && w->place_count ? gate_place_frame(&w->places[0]) : NULL;
	char *raw = xasprintf("%s [%s]", r->text, r->id);
	char *text = escape(raw);

	if (f && f->file && f->line)
		print_position(out, g, f);
	else
		fputs("refknot: ", out);
	fprintf(out, "error: %s\n", text);
	print_places(out, g, w);
	free(text);
	free(raw);
}

void gate_write_gnu(FILE *out, const struct gate *g)
{
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		char *headline, *text;

		if (!gate_fails(g, i))
			continue;
		headline = issue_headline(i);
		text = escape(headline);
		print_position(out, g, issue_site(i));
		fprintf(out, "error: %s: %s [%s]\n", gate_noun(i->kind), text,
			finding_kind_name(i->kind));
		print_stacks(out, g, i);
		free(headline);
		free(text);
	}
	for (size_t k = 0; k < g->verdict.rule_count; k++)
		if (g->verdict.rules[k].failed &&
		    g->verdict.rules[k].kind == FINDING_KINDS)
			print_rule(out, g, &g->verdict.rules[k]);
}
