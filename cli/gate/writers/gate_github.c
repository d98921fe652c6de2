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
#include "gate_writers.h"

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

/* "::error title=--max-live Session=0::2 objects ..., from serve (2 objects,
 * 64 B)" */
static void print_rule(FILE *out, const struct gate_rule *r)
{
	char *from = gate_worst_text(r->worst);

	fputs("::error ", out);
	if (from)
		print_place(out, r->worst->places[0].path,
			    gate_place_frame(&r->worst->places[0]));
	fputs("title=", out);
	print_text(out, r->option ? r->option : r->title, true);
	fputs("::", out);
	print_text(out, r->text, false);
	if (from) {
		fputs(", ", out);
		print_text(out, from, false);
	}
	fputc('\n', out);
	free(from);
}

static void write_outputs(FILE *out, const struct gate *g)
{
	/* The summary is one line, as all texts in it are escaped. */
	fprintf(out,
		"refknot-status=%d\nrefknot-findings=%zu\nrefknot-summary=%s\n",
		g->verdict.status, g->verdict.fresh, g->verdict.summary);
}

/* Adds to the file that `variable` names, if GitHub set it. */
static void append(const struct gate *g, const char *variable,
		   const char *called,
		   void (*write)(FILE *out, const struct gate *g))
{
	const char *path = getenv(variable);
	FILE *out;

	if (!path || !*path)
		return;
	out = fopen(path, "ae");
	if (out)
		write(out, g);
	if (!out || fclose(out))
		warn("%s, the step's %s, cannot be written: %s", path, called,
		     strerror(errno));
}

void gate_write_github(FILE *out, const struct gate *g)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < g->verdict.rule_count && shown < MOST; i++)
		if (g->verdict.rules[i].failed &&
		    g->verdict.rules[i].kind == FINDING_KINDS) {
			print_rule(out, &g->verdict.rules[i]);
			shown++;
		}
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_frame *f = issue_place(i);
		char *headline;

		if (!gate_fails(g, i))
			continue;
		if (shown == MOST) {
			more++;
			continue;
		}
		shown++;
		headline = issue_headline(i);
		fputs("::error ", out);
		print_place(out, issue_site_path(i), issue_site(i));
		fprintf(out, "title=%s::", finding_kinds[i->kind].noun);
		print_text(out, headline, false);
		if (f && !i->apart.chain) {
			fputs(", in ", out);
			print_text(out, f->function, false);
		}
		fprintf(out, " (%s)\n", i->signature);
		free(headline);
	}
	if (more)
		fprintf(
		    out,
		    "::notice title=refknot::%zu more in the step's summary and in the report\n",
		    more);
	append(g, "GITHUB_STEP_SUMMARY", "summary", gate_write_markdown);
	append(g, "GITHUB_OUTPUT", "outputs", write_outputs);
}
