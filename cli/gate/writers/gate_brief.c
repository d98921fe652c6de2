/* SPDX-License-Identifier: MIT */
#include "gate_brief.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "brief.h"
#include "die.h"
#include "gate_card.h"
#include "gate_failing.h"
#include "text_stream.h"
#include "units.h"

#define MOST_GAPS 3 /* processes whose result is not complete, that are named */

char *gate_brief_next;

/* "1 leak 2x 1.1 KiB struct item; leak.c:28 in settings_make; 4cf4fbe1a7df56a3" */
static char *issue_line(const struct issue *i, size_t number)
{
	const struct issue_frame *f = issue_site(i);
	char *text, amount[UNITS_SIZE];
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	fprintf(out, "%zu %s", number, finding_kinds[i->kind].name);
	if (i->count > 1)
		fprintf(out, " %" PRIu64 "x", i->count);
	if (i->objects)
		fprintf(out, " %s",
			units_bytes(amount, i->bytes + i->held_bytes));
	fprintf(out, " %s", i->type);
	if (f && f->file)
		fprintf(out, "; %s:%u", base_name(f->file), f->line);
	else if (f && f->module)
		fprintf(out, "; %s", base_name(f->module));
	if (f)
		fprintf(out, " in %s", f->function);
	fprintf(out, "; %s", i->signature);
	text_stream_close(out);
	return text;
}

static void add_gaps(struct brief *b, const struct gate *g)
{
	size_t count = 0;

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		char *process;

		if (!p->incomplete || count++ >= MOST_GAPS)
			continue;
		process = gate_card_process(p->name, p->pid);
		brief_add(b, xasprintf("incomplete: %s: %s%s%s", process,
				       p->incomplete, p->remedy ? "; " : "",
				       p->remedy ? p->remedy : ""));
		free(process);
	}
	if (count > MOST_GAPS)
		brief_add(b, xasprintf("incomplete: %zu more processes",
				       count - MOST_GAPS));
}

/* What fails beside findings and what is incomplete. */
static void add_rules(struct brief *b, const struct gate *g)
{
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		char *from;

		if (!r->failed || r->completeness || r->kind != FINDING_KINDS)
			continue;
		from = gate_worst_text(r->worst);
		brief_add(b, xasprintf("%s %s: %s%s%s",
				       r->option ? "limit" : "rule",
				       r->option ? r->option : r->id, r->text,
				       from ? ", " : "", from ? from : ""));
		free(from);
	}
}

static void write_brief(FILE *out, const struct gate *g)
{
	static const char name[] = "refknot: ";
	const char *summary = g->verdict.summary;
	size_t failing = 0, shown = 0;
	bool fits = true;
	struct brief b;

	if (!strncmp(summary, name, strlen(name)))
		summary += strlen(name);
	brief_begin(&b, out);
	brief_add(&b, xasprintf("verdict: %s", summary));
	add_rules(&b, g);
	add_gaps(&b, g);
	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (!gate_fails(g, one))
			continue;
		failing++;
		fits = fits && brief_add(&b, issue_line(one, failing));
		shown += fits;
	}
	if (!g->verdict.status) {
		free(gate_brief_next);
		gate_brief_next = NULL;
	}
	brief_end(&b, failing - shown, gate_brief_next);
	gate_brief_next = NULL;
}

const struct gate_writer gate_brief_writer = { "brief", write_brief, true };
