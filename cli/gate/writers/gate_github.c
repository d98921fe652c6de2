/* SPDX-License-Identifier: MIT */
/*
 * GitHub's workflow commands, which become annotations of a change:
 *
 *   ::error file=lib/parse.c,line=40,title=leak::3 objects, 300 B: Node
 *
 * GitHub shows ten of a step; the worst come first, the rest is in the step's
 * summary, if there is one ($GITHUB_STEP_SUMMARY).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "gate_rules.h"
#include "gate_writers.h"
#include "units.h"

#define MOST 10 /* annotations of one kind that GitHub shows */

/* %, CR and LF are spelled; in properties also : and , . */
static void print_text(FILE *out, const char *raw, bool property)
{
	char *text = escape(raw);

	for (const char *c = text; *c; c++)
		if (*c == '%' || *c == '\r' || *c == '\n' ||
		    (property && (*c == ':' || *c == ',')))
			fprintf(out, "%%%02X", (unsigned)*c);
		else
			fputc(*c, out);
	free(text);
}

static void print_place(FILE *out, const char *path,
			const struct issue_frame *f)
{
	if (!path || !f)
		return;
	fputs("file=", out);
	print_text(out, path, true);
	fprintf(out, ",line=%u,", f->line);
}

static void print_issue(FILE *out, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	char *headline = issue_headline(i);

	fputs("::error ", out);
	print_place(out, issue_site_path(i), issue_site(i));
	fprintf(out, "title=%s::", gate_noun(i->kind));
	print_text(out, headline, false);
	if (f && !i->apart.chain) {
		fputs(", in ", out);
		print_text(out, f->function, false);
	}
	fprintf(out, " (%s)\n", i->signature);
	free(headline);
}

/* ", from serve (2 objects), load (1 object)" */
static void print_sources(FILE *out, const struct gate_worst *w)
{
	char text[UNITS_SIZE];

	for (size_t i = 0; w && i < w->place_count; i++) {
		fputs(i ? ", " : ", from ", out);
		print_text(out, gate_place_text(&w->places[i]), false);
		fprintf(
		    out, " (%s, ",
		    units_count(text, w->places[i].amount.objects, "object"));
		fprintf(out, "%s)",
			units_bytes(text, w->places[i].amount.bytes));
	}
}

static void print_rule(FILE *out, const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;

	fputs("::error ", out);
	if (w && w->place_count)
		print_place(out, w->places[0].path,
			    gate_place_frame(&w->places[0]));
	fputs("title=", out);
	print_text(out, r->option ? r->option : r->title, true);
	fputs("::", out);
	print_text(out, r->text, false);
	print_sources(out, w);
	fputc('\n', out);
}

/* For the page of the run. */
static void append_summary(const struct gate *g)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *out;

	if (!path || !*path)
		return;
	out = fopen(path, "ae");
	if (out)
		gate_write_markdown(out, g);
	if (!out || fclose(out))
		warn("%s, the step's summary, cannot be written: %s", path,
		     strerror(errno));
}

/* For the steps that follow. The summary is one line, as all texts in it are
 * escaped. */
static void append_outputs(const struct gate *g)
{
	const char *path = getenv("GITHUB_OUTPUT");
	FILE *out;

	if (!path || !*path)
		return;
	out = fopen(path, "ae");
	if (out)
		fprintf(
		    out,
		    "refknot-status=%d\nrefknot-findings=%zu\nrefknot-summary=%s\n",
		    g->verdict.status, g->verdict.fresh, g->verdict.summary);
	if (!out || fclose(out))
		warn("%s, the step's outputs, cannot be written: %s", path,
		     strerror(errno));
}

void gate_write_github(FILE *out, const struct gate *g)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (g->verdict.rules[i].failed &&
		    g->verdict.rules[i].kind == FINDING_KINDS && shown < MOST) {
			print_rule(out, &g->verdict.rules[i]);
			shown++;
		}
	for (size_t i = 0; i < g->issues.count; i++) {
		if (!gate_fails(g, &g->issues.list[i]))
			continue;
		if (shown < MOST) {
			print_issue(out, &g->issues.list[i]);
			shown++;
		} else {
			more++;
		}
	}
	if (more)
		fprintf(
		    out,
		    "::notice title=refknot::%zu more in the step's summary and in the report\n",
		    more);
	append_summary(g);
	append_outputs(g);
}
