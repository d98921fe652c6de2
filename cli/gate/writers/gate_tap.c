/* SPDX-License-Identifier: MIT */
/* The Test Anything Protocol, version 13: one test a rule, what was found in its
 * YAML block. */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "units.h"

/* '#' would begin a directive. */
static void print_title(FILE *out, const char *title)
{
	char *text = escape(title);

	for (const char *c = text; *c; c++)
		fprintf(out, "%s%c", *c == '#' ? "\\" : "", *c);
	free(text);
}

/* In double quotes, as YAML has them. */
static void print_quoted(FILE *out, const char *raw)
{
	char *text = escape(raw);

	fputc('"', out);
	for (const char *c = text; *c; c++)
		fprintf(out, "%s%c", strchr("\"\\", *c) ? "\\" : "", *c);
	fputc('"', out);
	free(text);
}

static void print_frame(FILE *out, const char *path,
			const struct issue_frame *f)
{
	if (f) {
		fputs("      function: ", out);
		print_quoted(out, f->function);
		fputc('\n', out);
	}
	if (f && f->file && f->line) {
		fputs("      file: ", out);
		print_quoted(out, path ? path : f->file);
		fprintf(out, "\n      line: %u\n", f->line);
	}
}

static void print_place(FILE *out, const struct gate_place *p)
{
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];
	char *what = xasprintf(
	    "%s, %s %s%s%s", units_count(objects, p->amount.objects, "object"),
	    units_bytes(bytes, p->amount.bytes), p->stack.what,
	    p->apart.chain ? ", from " : "",
	    p->apart.chain ? p->apart.chain : "");

	fputs("    - what: ", out);
	print_quoted(out, what);
	fputc('\n', out);
	print_frame(out, p->apart.path ? p->apart.path : p->path,
		    gate_place_site(p));
	free(what);
}

static void print_finding(FILE *out, const struct issue *i)
{
	char *headline = issue_headline(i);

	fputs("    - what: ", out);
	print_quoted(out, headline);
	fprintf(out, "\n      signature: \"%s\"\n", i->signature);
	print_frame(out, issue_site_path(i), issue_site(i));
	free(headline);
}

static void print_details(FILE *out, const struct gate *g,
			  const struct gate_rule *r)
{
	size_t places = r->worst ? r->worst->place_count : 0;

	fputs("  ---\n  message: ", out);
	print_quoted(out, r->text);
	fputc('\n', out);
	if (places)
		fputs("  places:\n", out);
	for (size_t i = 0; i < places; i++)
		print_place(out, &r->worst->places[i]);
	if (r->kind != FINDING_KINDS || r->leaks)
		fputs("  findings:\n", out);
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails_by(g, r, &g->issues.list[i]))
			print_finding(out, &g->issues.list[i]);
	fputs("  ...\n", out);
}

void gate_write_tap(FILE *out, const struct gate *g)
{
	fprintf(out, "TAP version 13\n1..%zu\n", g->verdict.rule_count);
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];

		fprintf(out, "%sok %zu - ", r->failed ? "not " : "", i + 1);
		print_title(out, r->title);
		fputc('\n', out);
		if (r->failed)
			print_details(out, g, r);
	}
}
