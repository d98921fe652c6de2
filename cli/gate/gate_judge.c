/* SPDX-License-Identifier: MIT */
#include "gate_judge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "gate_growth.h"
#include "gate_rules.h"
#include "status.h"
#include "text_stream.h"

void gate_settle(struct gate *g)
{
	for (size_t i = 0; i < g->process_count; i++) {
		struct gate_process *p = &g->processes[i];
		struct beginning began = { p->pid, p->forked, p->start_ns };
		bool replaced = false;

		if (p->ended || !p->incomplete)
			continue;
		/* If the process went on as another program, its memory went
		 * with the first one, and the second one's recording has what
		 * there is to report. */
		for (size_t k = 0; k < g->process_count; k++) {
			const struct gate_process *q = &g->processes[k];

			replaced |= beginning_replaces(
			    (struct beginning){ q->pid, q->forked,
						q->start_ns },
			    began);
		}
		for (size_t k = 0; k < g->other_count; k++)
			replaced |= beginning_replaces(g->others[k], began);
		if (!replaced)
			continue;
		free(p->incomplete);
		p->incomplete = NULL;
		p->consequence = p->remedy = NULL;
	}
}

/* From here on a status says that nothing was run, or which signal came. */
#define FIRST_KEPT 125

int gate_counted_status(const struct gate *g, int program_status)
{
	return g->options.allow_failure && program_status < FIRST_KEPT
		   ? 0
		   : program_status;
}

char *gate_cut_short(const struct gate *g, int program_status)
{
	if (program_status > 128)
		return xasprintf("the program was ended by signal %d",
				 program_status - 128);
	if (program_status)
		return xasprintf("the program exited with %d", program_status);
	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];

		if (!g->ran && p->signal)
			return xasprintf("%s[%" PRIu32
					 "] was ended by signal %d",
					 p->name, p->pid, p->signal);
		if (p->incomplete)
			return xstrdup("not all was recorded and checked");
	}
	return NULL;
}

/* --- The last line ----------------------------------------------------------- */

/* Prints "2 findings that do not fail (orphaned cycle, leak)"; possible leaks
 * are not counted unless they are asked for. */
static void print_passing(FILE *out, const struct gate *g)
{
	const char *comma = "";
	unsigned kinds = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_lets_pass(g, &g->issues.list[i]) &&
		    g->issues.list[i].kind != FINDING_POSSIBLE) {
			kinds |= 1u << g->issues.list[i].kind;
			n++;
		}
	if (!n) {
		fputs(g->verdict.known ? " no new findings" : " no findings",
		      out);
		return;
	}
	fprintf(out, " %zu finding%s that do%s not fail (", n,
		n == 1 ? "" : "s", n == 1 ? "es" : "");
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (kinds & 1u << kind) {
			fprintf(out, "%s%s", comma, finding_kinds[kind].noun);
			comma = ", ";
		}
	fputc(')', out);
}

/* Prints what failed, or else what did not. */
static void print_failures(FILE *out, const struct gate *g)
{
	const struct gate_verdict *v = &g->verdict;
	const char *before = " ";

	for (size_t i = 0; i < v->rule_count; i++) {
		const struct gate_rule *r = &v->rules[i];
		bool named = r->kind == FINDING_KINDS;
		char *id, *what;

		if (!r->failed)
			continue;
		id = escape(r->id);
		what = escape(r->text);
		fprintf(out, "%s%s%s%s", before, named ? id : "",
			named ? ": " : "", what);
		before = ", ";
		free(id);
		free(what);
	}
	if (v->unwritten)
		fprintf(out, "%soutput: not all reports could be written",
			before);
	else if (*before == ' ')
		print_passing(out, g);
}

/* Sets the summary, in place of an earlier one. */
static void make_summary(struct gate *g)
{
	struct gate_verdict *v = &g->verdict;
	char *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	fprintf(out, "refknot: %s",
		v->failed || v->unwritten ? "FAIL"
		: v->status != STATUS_OK  ? "PROGRAM FAILED"
					  : "OK");
	print_failures(out, g);
	fputc(';', out);
	if (v->allowed)
		fprintf(out, " the program exited with %d, which is allowed;",
			v->allowed);
	else if (v->failed && g->ran && v->status < STATUS_NO_RUN &&
		 v->status != g->options.error_status)
		fprintf(out, " the program exited with %d, too;", v->status);
	if (g->baseline)
		fprintf(out, " baseline %zu,", v->known);
	fprintf(out, " suppressed %zu;", v->suppressed);
	if (gate_killed(g, false))
		fprintf(out, " killed %zu;", gate_killed(g, false));
	if (g->baseline && v->stale)
		fprintf(out, " %s %zu;", v->cut_short ? "not reached" : "stale",
			v->stale);
	fprintf(out, " exit %d", v->status);
	text_stream_close(out);
	free(v->summary);
	v->summary = text;
}

void gate_judge(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);
	size_t n = 0, *which;
	struct apart_stack *list;
	struct apart *apart;

	gate_settle(g);
	g->verdict.cut_short = gate_cut_short(g, program_status);
	g->verdict.allowed = status ? 0 : program_status;
	baseline_apply(g->baseline, &g->issues);
	gate_growth_apply(g);
	issues_sort(&g->issues);
	gate_rules_make(g);
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		g->verdict.failed |= g->verdict.rules[i].failed;
		g->verdict.leaked_too_much |=
		    g->verdict.rules[i].failed && g->verdict.rules[i].leaks;
	}
	/* What distinguishes those that are shown from each other. */
	which = xcalloc(g->issues.count + 1, sizeof(*which));
	list = xcalloc(g->issues.count + 1, sizeof(*list));
	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (!gate_tells(g, one) || !one->stack_count)
			continue;
		which[n] = i;
		list[n++] = (struct apart_stack){ one->stacks, one->place };
	}
	apart = xcalloc(n + 1, sizeof(*apart));
	apart_make(list, n, g->sources, apart);
	for (size_t k = 0; k < n; k++) {
		struct issue *one = &g->issues.list[which[k]];

		apart_release(&one->apart);
		one->apart = apart[k];
	}
	free(apart);
	free(list);
	free(which);
	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		g->verdict.fresh += gate_fails(g, one);
		g->verdict.known +=
		    one->state == ISSUE_KNOWN || one->state == ISSUE_GROWN;
		g->verdict.suppressed += one->state == ISSUE_SUPPRESSED;
	}
	for (size_t i = 0; i < g->growth_row_count; i++)
		g->verdict.known += g->growth_rows[i].accepted;
	for (size_t i = 0; g->baseline && i < g->baseline->count; i++)
		g->verdict.stale += !g->baseline->list[i].seen;
	g->verdict.status = status              ? status
			    : g->verdict.failed ? g->options.error_status
						: STATUS_OK;
	make_summary(g);
}

void gate_set_unwritten(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);

	g->verdict.unwritten = true;
	g->verdict.status = status ? status : STATUS_INPUT;
	make_summary(g);
}
