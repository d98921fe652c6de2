/* SPDX-License-Identifier: MIT */
/* Markdown, for comments and for the pages of pipelines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "gate_failing.h"
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

/* Prints "parse at lib/parse.c:40". */
static void print_frame(FILE *out, const struct issue_frame *f,
			const char *path)
{
	print_text(out, f->function);
	if (!f->file || !f->line)
		return;
	fputs(" at ", out);
	print_text(out, path);
	fprintf(out, ":%u", f->line);
}

static void print_stack(FILE *out, const struct issue_stack *s)
{
	fputs("<p>", out);
	print_text(out, s->what);
	fputs("</p><ol>", out);
	for (size_t i = 0; i < s->count && i < MOST_FRAMES; i++) {
		fputs("<li>", out);
		print_frame(out, &s->frames[i], s->frames[i].file);
		fputs("</li>", out);
	}
	fputs("</ol>\n", out);
}

/* NULL: nothing. */
static void print_paragraph(FILE *out, const char *text)
{
	if (text) {
		print_text(out, text);
		fputs("\n\n", out);
	}
}

/* What failed beside findings. */
static void print_rule(FILE *out, const struct gate_rule *r)
{
	size_t places = r->worst ? r->worst->place_count : 0;
	char text[UNITS_SIZE];

	fputs(places ? "<details><summary>" : "", out);
	print_text(out, r->option ? r->option : r->title);
	fputs(": ", out);
	print_text(out, r->text);
	fputs(places ? "</summary>\n\n" : "\n\n", out);
	for (size_t k = 0; k < places; k++) {
		const struct gate_place *p = &r->worst->places[k];

		fprintf(out, "<p>%s, ",
			units_count(text, p->amount.objects, p->noun));
		fprintf(out, "%s</p>", units_bytes(text, p->amount.bytes));
		print_stack(out, &p->stack);
	}
	fputs(places ? "</details>\n\n" : "", out);
}

static size_t print_table(FILE *out, const struct gate *g)
{
	char bytes[UNITS_SIZE];
	size_t n = 0;

	for (size_t k = 0; k < g->issues.count && n < MOST; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_frame *f = issue_place(i);

		if (!gate_fails(g, i))
			continue;
		if (!n++)
			fputs(
			    "| finding | type | objects | bytes | where | signature |\n| --- | --- | ---: | ---: | --- | --- |\n",
			    out);
		fprintf(out, "| %s | ", finding_kinds[i->kind].noun);
		print_text(out, i->type);
		fprintf(out, " | %" PRIu64 " | %s | ",
			i->objects + i->held_objects,
			units_bytes(bytes, i->bytes + i->held_bytes));
		if (i->apart.chain)
			print_text(out, i->apart.chain);
		else if (f)
			print_frame(out, f, i->path ? i->path : f->file);
		fprintf(out, " | %s |\n", i->signature);
	}
	if (n)
		fputc('\n', out);
	return n;
}

void gate_write_markdown(FILE *out, const struct gate *g)
{
	char *unread = gate_unread_text(g), *inherited = gate_inherited_text(g);
	size_t shown, n = 0;
	bool any = false;

	fprintf(out, "### refknot: %s\n\n",
		g->verdict.failed   ? "failed"
		: g->verdict.status ? "the program failed"
				    : "passed");
	print_paragraph(out, g->verdict.summary);
	print_paragraph(out, unread);
	for (size_t i = 0; i < g->warning_count; i++)
		print_paragraph(out, g->warnings[i]);
	print_paragraph(out, inherited);
	free(unread);
	free(inherited);
	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (g->verdict.rules[i].failed &&
		    g->verdict.rules[i].kind == FINDING_KINDS)
			print_rule(out, &g->verdict.rules[i]);
	shown = print_table(out, g);
	if (shown < g->verdict.fresh)
		fprintf(out, "%zu more are in the report.\n\n",
			g->verdict.fresh - shown);
	for (size_t k = 0; k < g->issues.count && n < shown; k++) {
		const struct issue *i = &g->issues.list[k];
		char *called;

		if (!gate_fails(g, i))
			continue;
		n++;
		called = issue_called(i);
		fprintf(out,
			"<details><summary>%s: ", finding_kinds[i->kind].noun);
		print_text(out, called);
		free(called);
		fprintf(out, " (%s)</summary>\n\n", i->signature);
		print_paragraph(out, i->other);
		for (size_t s = 0; s < i->stack_count; s++)
			print_stack(out, &i->stacks[s]);
		fputs("</details>\n\n", out);
	}
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];

		if (!i->differs || i->state == ISSUE_SUPPRESSED)
			continue;
		fprintf(out, "- accepted: %s %s differs from line %u of ",
			finding_kinds[i->kind].noun, i->signature,
			i->entry->line);
		print_text(out, g->baseline->path);
		fputs(" only by ", out);
		print_text(out, i->differs);
		fputc('\n', out);
		any = true;
	}
	fputs(any ? "\n" : "", out);
}
