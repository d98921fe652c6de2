/* SPDX-License-Identifier: MIT */
#include "gate_card.h"
#include "base_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "gate_failing.h"
#include "place.h"
#include "report.h"
#include "units.h"

#define MOST_GAPS 20 /* reasons why the result is not complete */

char *gate_card_process(const char *name, uint32_t pid)
{
	if (!pid)
		return xstrdup(name);
	return xasprintf("%s[%" PRIu32 "]", name, pid);
}

static void print(FILE *out, const char *raw)
{
	char *text = escape(raw);

	fputs(text, out);
	free(text);
}

/* --- Findings ---------------------------------------------------------------- */

void gate_card_issue(FILE *out, const struct gate *g, const struct issue *i)
{
	char *process = gate_card_process(i->name, i->pid);
	char *summary = issue_summary(i);
	char text[UNITS_SIZE];

	/* A card has the numbers of the first process that has the finding. */
	if (i->processes > 1) {
		fprintf(out, "found in %zu of %zu processes, in all ",
			i->processes, g->process_count);
		print(out, summary);
		fputs("; in ", out);
		print(out, process);
		fputs(":\n", out);
	}
	fputs(i->heading, out);
	if (report_full)
		fprintf(out, REPORT_SIGNATURE, i->signature);
	else
		fputc('\n', out);
	fputs(i->card, out);
	if (i->other)
		fprintf(out, "    %s\n", i->other);
	if (i->state == ISSUE_GROWN)
		fprintf(out,
			"    more than the baseline has: count %" PRIu64
			" where it was %" PRIu64 ", %s\n",
			i->count, i->known_count,
			units_bytes(text, i->known_bytes));
	if (i->processes == 1 && g->process_count > 1) {
		fprintf(out, "    found in 1 of %zu processes, ",
			g->process_count);
		print(out, process);
		fputc('\n', out);
	}
	free(summary);
	free(process);
}

/* --- Limits ------------------------------------------------------------------ */

void gate_card_limit(FILE *out, const struct gate_rule *r)
{
	fputs("limit ", out);
	print(out, r->option);
	fputs(": ", out);
	print(out, r->text);
	fputc('\n', out);
	for (size_t i = 0; r->worst && i < r->worst->place_count; i++) {
		const struct gate_place *p = &r->worst->places[i];
		char text[UNITS_SIZE];

		fprintf(out, "  %s, ",
			units_count(text, p->amount.objects, p->noun));
		fprintf(out, "%s %s, from\n",
			units_bytes(text, p->amount.bytes), p->stack.what);
		for (size_t n = 0; n < p->stack.count; n++) {
			const struct issue_frame *f = &p->stack.frames[n];
			const char *mark = place_mark(f->inlined, f->tail_call);

			fprintf(out, "    #%-2zu ", n);
			print(out, f->function);
			if (f->file) {
				fputs(" at ", out);
				print(out, base_name(f->file));
				if (f->line)
					fprintf(out, ":%u", f->line);
			}
			if (f->module) {
				fputs(" (", out);
				print(out, base_name(f->module));
				fprintf(out, "%s%s)", *mark ? ", " : "", mark);
			}
			fputc('\n', out);
		}
		if (!p->stack.count)
			fputs("    (call stack not known)\n", out);
	}
}

/* --- Rules ------------------------------------------------------------------- */

static bool have_one_gap(const struct gate_process *a,
			 const struct gate_process *b)
{
	return b->incomplete && !strcmp(a->incomplete, b->incomplete) &&
	       !strcmp(a->program, b->program) && !strcmp(a->name, b->name);
}

/* `more`: other processes of the same program with the same reason. */
static void print_gap(FILE *out, const struct gate_process *p, size_t more)
{
	char *process = gate_card_process(p->name, p->pid);

	fputs("incomplete: ", out);
	print(out, process);
	if (more)
		fprintf(out, " and %zu more", more);
	fputs(": ", out);
	print(out, p->incomplete);
	fputc('\n', out);
	if (p->consequence)
		fprintf(out, "            %s%s%s\n", p->consequence,
			p->remedy ? "; " : "", p->remedy ? p->remedy : "");
	free(process);
}

/* Each reason once for a program: what fails is often executed often. */
void gate_card_gaps(FILE *out, const struct gate *g)
{
	size_t shown = 0;

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		size_t before = 0, more = 0;

		if (!p->incomplete)
			continue;
		for (size_t k = 0; k < i && !before; k++)
			before = have_one_gap(p, &g->processes[k]);
		for (size_t k = i + 1; k < g->process_count && !before; k++)
			more += have_one_gap(p, &g->processes[k]);
		if (before || shown++ >= MOST_GAPS)
			continue;
		print_gap(out, p, more);
	}
	if (shown > MOST_GAPS)
		fprintf(out, "incomplete: %zu programs more\n",
			shown - MOST_GAPS);
}

void gate_card_rule(FILE *out, const struct gate *g, const struct gate_rule *r)
{
	bool first = true;

	if (r->option) {
		gate_card_limit(out, r);
		first = false;
	} else if (r->kind == FINDING_KINDS) {
		print(out, r->text);
		fputc('\n', out);
		if (r->completeness)
			gate_card_gaps(out, g);
	}
	for (size_t i = 0; i < g->issues.count; i++) {
		if (!gate_fails_by(g, r, &g->issues.list[i]))
			continue;
		fputs(first ? "" : "\n", out);
		gate_card_issue(out, g, &g->issues.list[i]);
		first = false;
	}
}
