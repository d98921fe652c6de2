/* SPDX-License-Identifier: MIT */
#include "gate_judge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "gate_failing.h"
#include "gate_growth.h"
#include "gate_rules.h"
#include "gate_summary.h"
#include "status.h"

/* A process that went on as another program: its memory went with the first, and
 * what it is to report is in the recording of the second. */
static bool is_replaced(const struct gate *g, const struct gate_process *p)
{
	struct beginning began = { p->pid, p->forked, p->start_ns };

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *q = &g->processes[i];

		if (beginning_replaces(
			(struct beginning){ q->pid, q->forked, q->start_ns },
			began))
			return true;
	}
	for (size_t i = 0; i < g->other_count; i++)
		if (beginning_replaces(g->others[i], began))
			return true;
	return false;
}

void gate_settle(struct gate *g)
{
	for (size_t i = 0; i < g->process_count; i++) {
		struct gate_process *p = &g->processes[i];

		if (p->ended || !p->incomplete || !is_replaced(g, p))
			continue;
		free(p->incomplete);
		p->incomplete = NULL;
	}
}

/* Those that are told of, from each other. */
static void tell_apart(struct gate *g)
{
	size_t n = 0, *which = xcalloc(g->issues.count + 1, sizeof(*which));
	struct apart_stack *list = xcalloc(g->issues.count + 1, sizeof(*list));

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (!gate_tells(g, one) || !one->stack_count)
			continue;
		which[n] = i;
		list[n++] = (struct apart_stack){ one->stacks, one->place };
	}
	for (size_t k = 0; k < n; k++) {
		struct issue *one = &g->issues.list[which[k]];

		apart_release(&one->apart);
		one->apart = apart_make(list, n, k, g->sources);
	}
	free(list);
	free(which);
}

static void count(struct gate *g)
{
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
}

#define FIRST_KEPT                                                             \
	125 /* of the statuses that say that nothing was run, or of
			  a signal */

int gate_counted_status(const struct gate *g, int program_status)
{
	return g->options.allow_failure && program_status < FIRST_KEPT
		   ? 0
		   : program_status;
}

static char *why_status(int status)
{
	if (status > 128)
		return xasprintf("the program was ended by signal %d",
				 status - 128);
	return xasprintf("the program exited with %d", status);
}

char *gate_cut_short(const struct gate *g, int program_status)
{
	if (program_status)
		return why_status(program_status);
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

void gate_judge(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);

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
	tell_apart(g);
	count(g);
	g->verdict.status = status              ? status
			    : g->verdict.failed ? g->options.error_status
						: STATUS_OK;
	gate_summary_make(g);
}

void gate_set_unwritten(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);

	g->verdict.unwritten = true;
	g->verdict.status = status ? status : STATUS_INPUT;
	gate_summary_make(g);
}
