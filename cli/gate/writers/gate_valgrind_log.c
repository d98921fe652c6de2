/* SPDX-License-Identifier: MIT */
/*
 * Valgrind's log, as memcheck writes it and ctest and others read it:
 *
 *   ==17== 100 bytes in 1 blocks are definitely lost in loss record 1 of 2
 *   ==17==    at 0x109156: take (leaky.c:8)
 *   ==17==    by 0x10918A: one (leaky.c:12)
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base_name.h"
#include "die.h"
#include "escape.h"
#include "gate_card.h"
#include "gate_failing.h"
#include "gate_valgrind.h"
#include "gate_writers.h"

struct log {
	FILE *out;
	uint32_t pid;
};

/* Of a loss. */
static const char *const lost_as[VALGRIND_MISUSE] = {
	[VALGRIND_DEFINITELY] = "definitely lost",
	[VALGRIND_POSSIBLY] = "possibly lost",
	[VALGRIND_REACHABLE] = "still reachable",
};

static void print_stack(const struct log *l, const struct issue_stack *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct issue_frame *f = &s->frames[i];
		bool innermost = i == 0;
		char *function = escape(f->full ? f->full : f->function);
		char *file = escape(f->file     ? base_name(f->file)
				    : f->module ? f->module
						: "unknown");

		fprintf(l->out, "==%" PRIu32 "==    %s 0x%" PRIX64 ": %s (",
			l->pid, innermost ? "at" : "by", f->address, function);
		if (f->file && f->line)
			fprintf(l->out, "%s:%u)\n", file, f->line);
		else
			fprintf(l->out, "in %s)\n", file);
		free(function);
		free(file);
	}
}

static void print_issue(const struct log *l, const struct issue *i, size_t n,
			size_t of)
{
	enum valgrind_kind kind = valgrind_kind_of(i->kind);

	if (kind != VALGRIND_MISUSE) {
		/* "300 bytes in 3 blocks", "396 (300 direct, 96 indirect)
		 * bytes in 3 blocks" */
		fprintf(l->out, "==%" PRIu32 "== ", l->pid);
		if (i->held_bytes)
			fprintf(l->out,
				"%" PRIu64 " (%" PRIu64 " direct, %" PRIu64
				" indirect) bytes",
				i->bytes + i->held_bytes, i->bytes,
				i->held_bytes);
		else
			fprintf(l->out, "%" PRIu64 " bytes", i->bytes);
		fprintf(l->out, " in %" PRIu64 " blocks", i->objects);
		fprintf(l->out, " are %s in loss record %zu of %zu\n",
			lost_as[kind], n, of);
	} else {
		fprintf(l->out,
			"==%" PRIu32
			"== Invalid free() / delete / delete[] / realloc()\n",
			l->pid);
	}
	print_stack(l, &i->stacks[0]);
	if (i->kind == FINDING_CYCLE)
		fprintf(l->out,
			"==%" PRIu32
			"==  a cycle: its blocks keep each other\n",
			l->pid);
	for (size_t k = 1; k < i->stack_count; k++) {
		fprintf(l->out, "==%" PRIu32 "==  %s\n", l->pid,
			i->stacks[k].what);
		print_stack(l, &i->stacks[k]);
	}
	fprintf(l->out, "==%" PRIu32 "== \n", l->pid);
}

/* What was not looked at may have lost something: readers know no other words
 * for that. */
static void print_gap(const struct log *l, const char *what, size_t n,
		      size_t of)
{
	char *text = escape(what);

	fprintf(
	    l->out,
	    "==%" PRIu32
	    "== 0 bytes in 0 blocks are possibly lost in loss record %zu of %zu\n"
	    "==%" PRIu32 "==  incomplete: %s\n"
	    "==%" PRIu32 "== \n",
	    l->pid, n, of, l->pid, text, l->pid);
	free(text);
}

void gate_write_valgrind_log(FILE *out, const struct gate *g)
{
	struct log l = { out, g->process_count ? g->processes[0].pid : 0 };
	size_t of = g->verdict.fresh + gate_gaps(g), n = 0;

	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails(g, &g->issues.list[i]))
			print_issue(&l, &g->issues.list[i], ++n, of);
	for (size_t i = 0; i < g->process_count && gate_gaps(g); i++) {
		const struct gate_process *p = &g->processes[i];
		char *process, *what;

		if (!p->incomplete)
			continue;
		process = gate_card_process(p->name, p->pid);
		what = xasprintf("%s: %s", process, p->incomplete);
		print_gap(&l, what, ++n, of);
		free(what);
		free(process);
	}
	if (!g->process_count && gate_gaps(g))
		print_gap(&l, "nothing was recorded", n + 1, of);
	fprintf(
	    out,
	    "==%" PRIu32
	    "== ERROR SUMMARY: %zu errors from %zu contexts (suppressed: %zu from %zu)\n",
	    l.pid, of, of, g->verdict.suppressed, g->verdict.suppressed);
}
