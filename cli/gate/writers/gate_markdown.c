/* SPDX-License-Identifier: MIT */
/* Markdown, for comments and for the pages of pipelines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "gate_failing.h"
#include "gate_inherited.h"
#include "gate_rules.h"
#include "gate_writers.h"
#include "units.h"

#define MOST        50 /* findings in the table */
#define MOST_FRAMES 20

/* Characters that would be markup are spelled as entities. */
static void print_text(FILE *out, const char *raw)
{
	char *text = escape(raw);

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (strchr("\\`*_{}[]<>()#+!|&~@", *c))
			fprintf(out, "&#%u;", *c);
		else
			fputc(*c, out);
	free(text);
}

static void print_place(FILE *out, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);

	if (!f)
		return;
	if (i->apart.chain) {
		print_text(out, i->apart.chain);
		return;
	}
	print_text(out, f->function);
	if (!f->file || !f->line)
		return;
	fputs(" at ", out);
	print_text(out, i->path ? i->path : f->file);
	fprintf(out, ":%u", f->line);
}

static void print_row(FILE *out, const struct issue *i)
{
	char text[UNITS_SIZE];

	fprintf(out, "| %s | ", gate_noun(i->kind));
	print_text(out, i->type);
	fprintf(out, " | %" PRIu64 " | %s | ", i->objects + i->held_objects,
		units_bytes(text, i->bytes + i->held_bytes));
	print_place(out, i);
	fprintf(out, " | %s |\n", i->signature);
}

static void print_stack(FILE *out, const struct issue_stack *s)
{
	fputs("<p>", out);
	print_text(out, s->what);
	fputs("</p><ol>", out);
	for (size_t i = 0; i < s->count && i < MOST_FRAMES; i++) {
		const struct issue_frame *f = &s->frames[i];

		fputs("<li>", out);
		print_text(out, f->function);
		if (f->file && f->line) {
			fputs(" at ", out);
			print_text(out, f->file);
			fprintf(out, ":%u", f->line);
		}
		fputs("</li>", out);
	}
	fputs("</ol>\n", out);
}

static void print_details(FILE *out, const struct issue *i)
{
	char *called = issue_called(i);

	fprintf(out, "<details><summary>%s: ", gate_noun(i->kind));
	print_text(out, called);
	free(called);
	fprintf(out, " (%s)</summary>\n\n", i->signature);
	if (i->other) {
		print_text(out, i->other);
		fputs("\n\n", out);
	}
	for (size_t k = 0; k < i->stack_count; k++)
		print_stack(out, &i->stacks[k]);
	fputs("</details>\n\n", out);
}

static void print_sum(FILE *out, const struct gate_place *p)
{
	char text[UNITS_SIZE];

	fprintf(out, "<p>%s, ", units_count(text, p->amount.objects, "object"));
	fprintf(out, "%s</p>", units_bytes(text, p->amount.bytes));
}

/* What failed beside findings. */
static void print_rules(FILE *out, const struct gate *g)
{
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		size_t places = r->worst ? r->worst->place_count : 0;

		if (!r->failed || r->kind != FINDING_KINDS)
			continue;
		fputs(places ? "<details><summary>" : "", out);
		print_text(out, r->option ? r->option : r->title);
		fputs(": ", out);
		print_text(out, r->text);
		fputs(places ? "</summary>\n\n" : "\n\n", out);
		for (size_t k = 0; k < places; k++) {
			print_sum(out, &r->worst->places[k]);
			print_stack(out, &r->worst->places[k].stack);
		}
		fputs(places ? "</details>\n\n" : "", out);
	}
}

static void print_unread(FILE *out, const struct gate *g)
{
	char *text = gate_unread_text(g);

	if (text) {
		print_text(out, text);
		fputs("\n\n", out);
	}
	free(text);
}

static void print_inherited(FILE *out, const struct gate *g)
{
	char *text = gate_inherited_text(g);

	if (text) {
		print_text(out, text);
		fputs("\n\n", out);
	}
	free(text);
}

static void print_kin(FILE *out, const struct gate *g)
{
	bool any = false;

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];

		if (!i->differs || i->state == ISSUE_SUPPRESSED)
			continue;
		fprintf(out, "- accepted: %s %s differs from line %u of ",
			gate_noun(i->kind), i->signature, i->entry->line);
		print_text(out, g->baseline->path);
		fputs(" only by ", out);
		print_text(out, i->differs);
		fputc('\n', out);
		any = true;
	}
	fputs(any ? "\n" : "", out);
}

static size_t print_table(FILE *out, const struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->issues.count && n < MOST; i++) {
		if (!gate_fails(g, &g->issues.list[i]))
			continue;
		if (!n++)
			fputs(
			    "| finding | type | objects | bytes | where | signature |\n| --- | --- | ---: | ---: | --- | --- |\n",
			    out);
		print_row(out, &g->issues.list[i]);
	}
	if (n)
		fputc('\n', out);
	return n;
}

void gate_write_markdown(FILE *out, const struct gate *g)
{
	size_t shown, n = 0;

	fprintf(out, "### refknot: %s\n\n",
		g->verdict.failed   ? "failed"
		: g->verdict.status ? "the program failed"
				    : "passed");
	print_text(out, g->verdict.summary);
	fputs("\n\n", out);
	print_unread(out, g);
	print_inherited(out, g);
	print_rules(out, g);
	shown = print_table(out, g);
	if (shown < g->verdict.fresh)
		fprintf(out, "%zu more are in the report.\n\n",
			g->verdict.fresh - shown);
	for (size_t i = 0; i < g->issues.count && n < shown; i++)
		if (gate_fails(g, &g->issues.list[i])) {
			print_details(out, &g->issues.list[i]);
			n++;
		}
	print_kin(out, g);
}
