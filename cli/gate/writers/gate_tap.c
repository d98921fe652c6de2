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

static void print_line(FILE *out, const char *key, const char *text)
{
	fputs(key, out);
	print_quoted(out, text);
	fputc('\n', out);
}

static void print_frame(FILE *out, const char *path,
			const struct issue_frame *f)
{
	if (!f)
		return;
	print_line(out, "      function: ", f->function);
	if (!f->file || !f->line)
		return;
	print_line(out, "      file: ", path ? path : f->file);
	fprintf(out, "      line: %u\n", f->line);
}

static void print_details(FILE *out, const struct gate *g,
			  const struct gate_rule *r)
{
	size_t places = r->worst ? r->worst->place_count : 0;
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	print_line(out, "  ---\n  message: ", r->text);
	if (places)
		fputs("  places:\n", out);
	for (size_t i = 0; i < places; i++) {
		const struct gate_place *p = &r->worst->places[i];
		char *what =
		    xasprintf("%s, %s %s%s%s",
			      units_count(objects, p->amount.objects, p->noun),
			      units_bytes(bytes, p->amount.bytes),
			      p->stack.what, p->apart.chain ? ", from " : "",
			      p->apart.chain ? p->apart.chain : "");

		print_line(out, "    - what: ", what);
		print_frame(out, p->apart.path ? p->apart.path : p->path,
			    gate_place_site(p));
		free(what);
	}
	if (r->kind != FINDING_KINDS || r->leaks)
		fputs("  findings:\n", out);
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		char *headline;

		if (!gate_fails_by(g, r, i))
			continue;
		headline = issue_headline(i);
		print_line(out, "    - what: ", headline);
		fprintf(out, "      signature: \"%s\"\n", i->signature);
		print_frame(out, issue_site_path(i), issue_site(i));
		free(headline);
	}
	fputs("  ...\n", out);
}

void gate_write_tap(FILE *out, const struct gate *g)
{
	fprintf(out, "TAP version 13\n1..%zu\n", g->verdict.rule_count);
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		char *title = escape(r->title);

		fprintf(out, "%sok %zu - ", r->failed ? "not " : "", i + 1);
		/* '#' would begin a directive. */
		for (const char *c = title; *c; c++)
			fprintf(out, "%s%c", *c == '#' ? "\\" : "", *c);
		fputc('\n', out);
		free(title);
		if (r->failed)
			print_details(out, g, r);
	}
}
