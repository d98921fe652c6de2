/* SPDX-License-Identifier: MIT */
/* The baseline's file, written anew after a run. */
#include "gate_update.h"
#include "gate_judge.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "gate_growth.h"
#include "status.h"

/* Findings that were not looked for must not leave the baseline. */
static bool may_update(const struct gate *g, int program_status)
{
	const char *why = NULL;

	for (size_t i = 0; i < g->process_count; i++)
		if (g->processes[i].incomplete && !g->options.allow_incomplete)
			why =
			    "not all was recorded and checked (--allow-incomplete does it all the same)";
	if (!g->process_count)
		why = "nothing was recorded";
	/* The user may say that what a failing program has shown is accepted. */
	if (gate_counted_status(g, program_status))
		why =
		    g->options.allow_failure
			? "the program was ended by a signal, or not run, which --allow-failure is not for"
			: "the program failed (--allow-failure does it all the same)";
	if (why)
		warn("%s was left as it is: %s", g->baseline->path, why);
	return !why;
}

/* A run of a part of the tests takes out the entries of the rest. */
static void print_removed(const struct baseline *b)
{
	char *path = escape(b->path);

	for (size_t i = 0; i < b->count; i++) {
		const struct baseline_entry *e = &b->list[i];
		char *text;

		if (e->accepts)
			continue;
		text = escape(e->text ? e->text : "");
		fprintf(stderr, "removed: %s:%u: %s %s%s%s%s\n", path, e->line,
			e->signature, e->kind, *text ? " " : "", text,
			e->seen ? " (suppressed now)" : "");
		free(text);
	}
	free(path);
}

void gate_update(struct gate *g, int program_status, bool keep_stale)
{
	struct baseline_changes changes;
	char *path, *cut_short;
	int error;

	gate_settle(g);
	if (!may_update(g, program_status))
		return;
	cut_short = gate_cut_short(g, program_status);
	keep_stale |= cut_short != NULL;
	g->baseline->any_taker = true;
	baseline_apply(g->baseline, &g->issues);
	gate_growth_apply(g);
	error = baseline_write(g->baseline, &g->issues, keep_stale,
			       program_status, &changes);
	if (error)
		die(STATUS_INPUT, "%s cannot be written: %s", g->baseline->path,
		    strerror(-error));
	if (!keep_stale)
		print_removed(g->baseline);
	fprintf(stderr, "baseline: %zu added, %zu removed, %zu kept",
		changes.added, changes.removed, changes.kept);
	if (changes.moved)
		fprintf(stderr, " (%zu of them changed)", changes.moved);
	if (changes.stale)
		fprintf(stderr, " (%zu of them not found)", changes.stale);
	if (changes.stale && cut_short)
		fprintf(stderr, ", as %s", cut_short);
	fputc('\n', stderr);
	free(cut_short);
	path = xstrdup(g->baseline->path);
	baseline_release(g->baseline);
	baseline_read(g->baseline, path, false);
	free(path);
}
