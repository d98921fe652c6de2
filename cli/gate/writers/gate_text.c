/* SPDX-License-Identifier: MIT */
/* The gate's result for people: what fails it, what else they should know, and
 * the line that they paste. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "gate_card.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "killed.h"
#include "mapped.h"
#include "paint.h"
#include "report.h"
#include "text_stream.h"
#include "units.h"

#define MOST_CARDS   20 /* findings that fail and are printed, worst first */
#define MOST_PASSING 10 /* findings that do not fail and are named */
#define MOST_KILLED  10 /* processes that were, and may be */
#define CALLERS      4  /* of an entry, that are named */

bool gate_text_shows_suppressed;

/* The function to blame, or the chain of calls, escaped; the caller frees it. */
static char *function_of(const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);

	return escape(i->apart.chain ? i->apart.chain
		      : f            ? f->function
				     : "unknown code");
}

/* Prints "note: ..." and frees the text; NULL: nothing. */
static void print_note(FILE *out, char *text)
{
	if (text)
		fprintf(out, "note: %s\n", text);
	free(text);
}

/* What was found but is of a kind that does not fail, or within a limit. */
static void print_passing(FILE *out, const struct gate *g)
{
	size_t n = 0;

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		char *headline, *shown, *function;

		if (!gate_lets_pass(g, i) || i->kind == FINDING_POSSIBLE ||
		    n++ >= MOST_PASSING)
			continue;
		headline = issue_headline(i);
		shown = escape(headline);
		function = function_of(i);
		fprintf(out, "note: does not fail: %s: %s%s%s (%s)\n",
			finding_kinds[i->kind].noun, shown,
			i->apart.chain ? "" : ", in ",
			i->apart.chain ? "" : function, i->signature);
		free(function);
		free(shown);
		free(headline);
	}
	if (n > MOST_PASSING)
		fprintf(out, "note: nor do %zu more findings\n",
			n - MOST_PASSING);
}

/* "note: 2 possible leaks (9 objects, 312 B), ..." */
static void print_possible(FILE *out, const struct gate *g)
{
	char count[UNITS_SIZE], objects[UNITS_SIZE], bytes[UNITS_SIZE];
	uint64_t n = 0, all_objects = 0, all_bytes = 0;

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (one->kind != FINDING_POSSIBLE || !gate_lets_pass(g, one))
			continue;
		n++;
		all_objects += one->objects;
		all_bytes += one->bytes;
	}
	if (n)
		fprintf(
		    out,
		    "note: %s (%s, %s), held by pointers into the middle only; --fail-on possible fails for %s\n",
		    units_count(count, n, "possible leak"),
		    units_count(objects, all_objects, "object"),
		    units_bytes(bytes, all_bytes), n == 1 ? "it" : "them");
}

/* Accepted, but more of it: perhaps another line of the same function. */
static void print_grown(FILE *out, const struct gate *g)
{
	char now[UNITS_SIZE], then[UNITS_SIZE];

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		char *function;

		if (i->state != ISSUE_GROWN || gate_fails(g, i))
			continue;
		function = function_of(i);
		fprintf(out,
			"grown: %s %s in %s: %" PRIu64
			" of %s where the baseline has %" PRIu64
			" of %s; --fail-on grown fails for it\n",
			i->signature, finding_kinds[i->kind].name, function,
			i->count, units_bytes(now, i->bytes + i->held_bytes),
			i->known_count, units_bytes(then, i->known_bytes));
		free(function);
	}
}

/* Accepted, though it is not quite what was: nothing is taken for another
 * without a word. */
static void print_kin(FILE *out, const struct gate *g)
{
	char *path = escape(g->baseline->path);

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_frame *f = issue_place(i);
		char *function;

		if (!i->differs || i->state == ISSUE_SUPPRESSED)
			continue;
		function = escape(f ? f->function : "unknown code");
		fprintf(
		    out,
		    "accepted: %s %s in %s differs from %s:%u only by %s; --update-baseline notes it\n",
		    i->signature, finding_kinds[i->kind].name, function, path,
		    i->entry->line, i->differs);
		free(function);
	}
	free(path);
}

/* "cJSON_New_Item cJSON.c (called by cJSON_CreateArray < test)", escaped: which
 * one of many that one function allocates. */
static char *entry_text(const struct baseline_entry *e)
{
	const struct frame_line *f = e->lines.list;
	const char *known = e->text ? e->text : "";
	size_t named = 0, first = 0, size;
	char *raw, *text;
	FILE *out = text_stream_open(&raw, &size);

	while (first < e->lines.count && e->text && f[first].call &&
	       strncmp(known, f[first].call, strlen(f[first].call)) != 0)
		first++;
	fputs(known, out);
	for (size_t i = first + 1; i < e->lines.count && named < CALLERS; i++) {
		if (!f[i].call || f[i - 1].outermost)
			break;
		fprintf(out, "%s%s",
			named    ? " < "
			: *known ? " (called by "
				 : "(called by ",
			f[i].call);
		named++;
	}
	fputs(named ? ")" : "", out);
	text_stream_close(out);
	text = escape(raw);
	free(raw);
	return text;
}

static void print_stale(FILE *out, const struct gate *g)
{
	const struct baseline *b = g->baseline;
	char *path = escape(b->path);
	char *why = g->verdict.cut_short ? escape(g->verdict.cut_short) : NULL;

	for (size_t i = 0; i < b->count; i++) {
		const struct baseline_entry *e = &b->list[i];
		char *text;

		if (e->seen)
			continue;
		text = entry_text(e);
		fprintf(out, "%s: %s:%u: %s %s%s%s was not found; %s\n",
			why ? "not reached" : "stale", path, e->line,
			e->signature, e->kind, *text ? " " : "", text,
			why ? why : "fixed? --update-baseline removes it");
		free(text);
	}
	free(why);
	free(path);
}

static bool is_unused(const struct suppression *s)
{
	return !s->findings && !s->built_in && !s->expired;
}

/* Prints the suppressions of one file, from number `first` on, and returns which
 * comes next. A file that is for Valgrind, too, is for other programs and
 * machines: of it only the number of unused entries is printed. */
static size_t print_file(FILE *out, const struct gate *g, size_t first)
{
	const struct suppression *s, *of = gate_suppression(g, first);
	char *origin = escape(of->origin), amount[UNITS_SIZE];
	size_t end = first, unused = 0;
	bool shared = false;

	for (; (s = gate_suppression(g, end)) && s->origin == of->origin;
	     end++) {
		shared |= s->shared;
		unused += is_unused(s);
	}
	shared = shared && !gate_text_shows_suppressed && unused > 1;
	for (size_t k = first; k < end; k++) {
		char *text, *reason;

		s = gate_suppression(g, k);
		if (shared && is_unused(s))
			continue;
		text = escape(s->text);
		reason = escape(s->reason ? s->reason : "");
		if (s->expired)
			fprintf(out, "expired: %s:%u: %s held until %s\n",
				origin, s->line, text, s->until);
		else if (is_unused(s))
			fprintf(out, "unused: %s:%u: %s matched nothing\n",
				origin, s->line, text);
		else if (s->findings && gate_text_shows_suppressed)
			fprintf(
			    out,
			    "suppressed: %" PRIu64 " of %s by %s:%u: %s%s%s\n",
			    s->findings, units_bytes(amount, s->bytes), origin,
			    s->line, text, *reason ? "  # " : "", reason);
		free(reason);
		free(text);
	}
	if (shared)
		fprintf(
		    out,
		    "unused: %zu of %zu suppressions in %s matched nothing; --show-suppressed names them\n",
		    unused, end - first, origin);
	free(origin);
	return end;
}

/* Processes that were killed, as is accepted, or crashed. What the latter had
 * not run nobody knows, and their status may be lost behind make and the like. */
static void print_ended(FILE *out, const struct gate *g, bool killed)
{
	size_t n = 0;

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		char *process, *shown, *how;

		if (!(killed ? p->killed_ok : killed_fault(p->signal)) ||
		    n++ >= MOST_KILLED)
			continue;
		process = gate_card_process(p->name, p->pid);
		shown = escape(process);
		how = killed ? escape(p->killed)
			     : xstrdup(killed_signal(p->signal));
		fprintf(
		    out,
		    killed
			? "note: %s: %s\n"
			: "note: %s was ended by %s: what it had not run was not checked\n",
		    shown, how);
		free(how);
		free(shown);
		free(process);
	}
	if (n > MOST_KILLED)
		fprintf(out, "note: %zu more processes %s\n", n - MOST_KILLED,
			killed ? "were killed" : "crashed");
}

/* All that fails, except what only the last line says. */
static void print_failures(FILE *out, const struct gate *g)
{
	bool shown = false;
	size_t cards = 0;

	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (g->verdict.rules[i].failed && g->verdict.rules[i].option) {
			fputc('\n', out);
			gate_card_limit(out, &g->verdict.rules[i]);
			shown = true;
		}
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails(g, &g->issues.list[i]) &&
		    (++cards <= MOST_CARDS || report_full)) {
			fputc('\n', out);
			gate_card_issue(out, g, &g->issues.list[i]);
			shown = true;
		}
	if (cards > MOST_CARDS && !report_full)
		fprintf(
		    out,
		    "\nomitting %zu more; --full prints all, and the files of --output have them\n",
		    cards - MOST_CARDS);
	if (shown)
		fputc('\n', out);
}

static void print_beside(FILE *out, const struct gate *g)
{
	char *words = mapped_beside_words(g->beside, g->beside_bytes);

	if (words)
		fprintf(out, "note: %s\n", words);
	free(words);
}

void gate_write_text(FILE *out, const struct gate *g)
{
	const struct gate_verdict *v = &g->verdict;
	char count[UNITS_SIZE], size[UNITS_SIZE];
	bool colour = paint_wanted(out);

	print_failures(out, g);
	gate_card_gaps(out, g);
	/* A name with a slip of the pen would guard nothing. */
	for (size_t i = 0; i < v->rule_count; i++)
		if (v->rules[i].unseen && !v->rules[i].failed) {
			char *title = escape(v->rules[i].title);
			char *text = escape(v->rules[i].text);

			print_note(out, xasprintf("%s: %s", title, text));
			free(title);
			free(text);
		}
	print_note(out, gate_unread_text(g));
	for (size_t i = 0; i < g->warning_count; i++)
		print_note(out, xstrdup(g->warnings[i]));
	if (g->other_count)
		fprintf(
		    out,
		    "note: %zu process%s of programs that are not to be judged\n",
		    g->other_count, g->other_count == 1 ? "" : "es");
	print_note(out, gate_inherited_text(g));
	print_ended(out, g, false);
	print_passing(out, g);
	print_grown(out, g);
	if (g->baseline) {
		print_kin(out, g);
		print_stale(out, g);
	}
	for (size_t i = 0; gate_suppression(g, i);)
		i = print_file(out, g, i);
	for (size_t i = 0; i < g->own_count; i++) {
		uint64_t bytes, n = wishes_withheld(g->own[i], &bytes);

		if (n && g->own[i]->off)
			fprintf(
			    out,
			    "note: %s of %s suppressed: a program turned leak checks off itself, by %s\n",
			    units_count(count, n, "finding"),
			    units_bytes(size, bytes), wishes_origin(g->own[i]));
	}
	if (g->gone_objects)
		fprintf(
		    out,
		    "note: %s, %s held until the end by memory that the program unmapped then: not counted as lost, with confidence low\n",
		    units_count(count, g->gone_objects, "object"),
		    units_bytes(size, g->gone_bytes));
	if (g->lost_mappings && g->options.lost_mapped.most == GATE_UNLIMITED)
		fprintf(
		    out,
		    "note: %s, %s lost: no pointer to %s was found; --max-lost-mapped makes that fail\n",
		    units_count(count, g->lost_mappings, "mapping"),
		    units_bytes(size, g->lost_bytes),
		    g->lost_mappings == 1 ? "it" : "them");
	print_beside(out, g);
	print_ended(out, g, true);
	print_possible(out, g);
	fprintf(out, "%s%s%s\n",
		paint(colour, v->status ? PAINT_BAD : PAINT_GOOD), v->summary,
		paint(colour, PAINT_PLAIN));
}
