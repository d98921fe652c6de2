/* SPDX-License-Identifier: MIT */
#include "gate_summary.h"

#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "gate_rules.h"
#include "status.h"

/* ": " or ", ": what stands before the next part. */
static void separate(FILE *out, bool *first)
{
	fputs(*first ? " " : ", ", out);
	*first = false;
}

/* "2 findings that do not fail (orphaned cycle, leak)"; possible leaks are none
 * unless asked for. */
static void print_passing(FILE *out, const struct gate *g)
{
	unsigned kinds = 0;
	size_t n = 0;
	bool first = true;

	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_lets_pass(g, &g->issues.list[i]) &&
		    g->issues.list[i].kind != FINDING_POSSIBLE) {
			kinds |= 1u << g->issues.list[i].kind;
			n++;
		}
	if (!n) {
		fputs(" no findings", out);
		return;
	}
	fprintf(out, " %zu finding%s that do%s not fail (", n,
		n == 1 ? "" : "s", n == 1 ? "es" : "");
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (kinds & 1u << kind) {
			fprintf(out, "%s%s", first ? "" : ", ",
				gate_noun(kind));
			first = false;
		}
	fputc(')', out);
}

static void print_failures(FILE *out, const struct gate *g)
{
	bool first = true;

	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		char *text, *shown;

		if (!r->failed)
			continue;
		separate(out, &first);
		text = r->kind == FINDING_KINDS
			   ? xasprintf("%s: %s", r->id, r->text)
			   : xstrdup(r->text);
		shown = escape(text);
		fputs(shown, out);
		free(shown);
		free(text);
	}
	if (g->verdict.unwritten) {
		separate(out, &first);
		fputs("output: not all reports could be written", out);
	}
	if (first)
		print_passing(out, g);
}

void gate_summary_make(struct gate *g)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	fprintf(out, "refknot: %s",
		g->verdict.failed || g->verdict.unwritten ? "FAIL"
		: g->verdict.status != STATUS_OK          ? "PROGRAM FAILED"
							  : "OK");
	print_failures(out, g);
	fputc(';', out);
	if (g->verdict.allowed)
		fprintf(out, " the program exited with %d, which is allowed;",
			g->verdict.allowed);
	else if (g->verdict.failed && g->ran &&
		 g->verdict.status < STATUS_NO_RUN &&
		 g->verdict.status != g->options.error_status)
		fprintf(out, " the program exited with %d, too;",
			g->verdict.status);
	if (g->baseline)
		fprintf(out, " baseline %zu,", g->verdict.known);
	fprintf(out, " suppressed %zu;", g->verdict.suppressed);
	if (gate_killed(g, false))
		fprintf(out, " killed %zu;", gate_killed(g, false));
	if (g->baseline && g->verdict.stale)
		fprintf(out, " %s %zu;",
			g->verdict.cut_short ? "not reached" : "stale",
			g->verdict.stale);
	fprintf(out, " exit %d", g->verdict.status);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	free(g->verdict.summary);
	g->verdict.summary = text;
}
