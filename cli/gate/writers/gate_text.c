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
#include "gate_inherited.h"
#include "gate_rules.h"
#include "gate_writers.h"
#include "killed.h"
#include "paint.h"
#include "units.h"

#define MOST_PASSING 10 /* findings that do not fail and are named */
#define MOST_KILLED  10 /* processes that were, and may be */
#define CALLERS      4  /* of an entry, that are named */

bool gate_text_shows_suppressed;

static void print_others(FILE *out, const struct gate *g)
{
	if (g->other_count)
		fprintf(
		    out,
		    "note: %zu process%s of programs that are not to be judged\n",
		    g->other_count, g->other_count == 1 ? "" : "es");
}

static void print_unread(FILE *out, const struct gate *g)
{
	char *text = gate_unread_text(g);

	if (text)
		fprintf(out, "note: %s\n", text);
	free(text);
}

static void print_inherited(FILE *out, const struct gate *g)
{
	char *text = gate_inherited_text(g);

	if (text)
		fprintf(out, "note: %s\n", text);
	free(text);
}

static void print_passing_one(FILE *out, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	char *headline = issue_headline(i);
	char *text = xasprintf("%s: %s%s%s", gate_noun(i->kind), headline,
			       i->apart.chain ? "" : ", in ",
			       i->apart.chain ? ""
			       : f            ? f->function
					      : "unknown code");
	char *shown = escape(text);

	fprintf(out, "note: does not fail: %s (%s)\n", shown, i->signature);
	free(shown);
	free(text);
	free(headline);
}

/* What was found but is of no kind that fails, or within a limit. */
static void print_passing(FILE *out, const struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_lets_pass(g, &g->issues.list[i]) &&
		    g->issues.list[i].kind != FINDING_POSSIBLE &&
		    n++ < MOST_PASSING)
			print_passing_one(out, &g->issues.list[i]);
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

static void print_gone(FILE *out, const struct gate *g)
{
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	if (g->gone_objects)
		fprintf(
		    out,
		    "note: %s, %s held until the end by memory that the program unmapped then: not counted as lost, with confidence low\n",
		    units_count(objects, g->gone_objects, "object"),
		    units_bytes(bytes, g->gone_bytes));
}

/* A name with a slip of the pen would guard nothing. */
static void print_unseen(FILE *out, const struct gate *g)
{
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		char *title, *text;

		if (!r->unseen || r->failed)
			continue;
		title = escape(r->title);
		text = escape(r->text);
		fprintf(out, "note: %s: %s\n", title, text);
		free(title);
		free(text);
	}
}

/* Accepted, but more of it: perhaps another line of the same function. */
static void print_grown(FILE *out, const struct gate *g)
{
	char now[UNITS_SIZE], then[UNITS_SIZE];

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_frame *f = issue_place(i);
		char *function;

		if (i->state != ISSUE_GROWN || gate_fails(g, i))
			continue;
		function = escape(i->apart.chain ? i->apart.chain
				  : f            ? f->function
						 : "unknown code");
		fprintf(out,
			"grown: %s %s in %s: %" PRIu64
			" of %s where the baseline has %" PRIu64
			" of %s; --fail-on grown fails for it\n",
			i->signature, finding_kind_name(i->kind), function,
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
		    i->signature, finding_kind_name(i->kind), function, path,
		    i->entry->line, i->differs);
		free(function);
	}
	free(path);
}

/* "cJSON_New_Item cJSON.c (cJSON_CreateArray < test)": of many that one function
 * allocates, which one. */
static char *entry_text(const struct baseline_entry *e)
{
	char *text = escape(e->text ? e->text : ""), *callers = NULL;
	size_t told = 0, first = 0;

	while (first < e->lines.count && e->text && e->lines.list[first].call &&
	       strncmp(e->text, e->lines.list[first].call,
		       strlen(e->lines.list[first].call)) != 0)
		first++;
	for (size_t i = first + 1; i < e->lines.count && told < CALLERS; i++) {
		const struct frame_line *f = &e->lines.list[i];
		char *longer;

		if (!f->call || e->lines.list[i - 1].outermost)
			break;
		longer = callers ? xasprintf("%s < %s", callers, f->call)
				 : xstrdup(f->call);
		free(callers);
		callers = longer;
		told++;
	}
	if (callers) {
		char *shown = escape(callers);
		char *all = xasprintf("%s%s(called by %s)", text,
				      *text ? " " : "", shown);

		free(shown);
		free(text);
		text = all;
	}
	free(callers);
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

static void print_suppression(FILE *out, const struct suppression *s)
{
	char *origin = escape(s->origin), *text = escape(s->text);
	char *reason = escape(s->reason ? s->reason : "");
	char amount[UNITS_SIZE];

	if (s->expired)
		fprintf(out, "expired: %s:%u: %s held until %s\n", origin,
			s->line, text, s->until);
	else if (is_unused(s))
		fprintf(out, "unused: %s:%u: %s matched nothing\n", origin,
			s->line, text);
	else if (s->findings && gate_text_shows_suppressed)
		fprintf(out, "suppressed: %" PRIu64 " of %s by %s:%u: %s%s%s\n",
			s->findings, units_bytes(amount, s->bytes), origin,
			s->line, text, *reason ? "  # " : "", reason);
	free(reason);
	free(origin);
	free(text);
}

static void print_unused(FILE *out, const char *path, size_t unused,
			 size_t count)
{
	char *origin = escape(path);

	fprintf(
	    out,
	    "unused: %zu of %zu suppressions in %s matched nothing; --show-suppressed names them\n",
	    unused, count, origin);
	free(origin);
}

/* From `first` on, those of one file; gives which comes next. What is for
 * Valgrind, too, is for other programs and machines: of such a file only how
 * many entries found nothing is told. */
static size_t print_file(FILE *out, const struct gate *g, size_t first)
{
	const struct suppression *s, *of = gate_suppression(g, first);
	size_t i, unused = 0;
	bool shared = false;

	for (i = first; (s = gate_suppression(g, i)); i++) {
		if (s->origin != of->origin)
			break;
		shared |= s->shared;
		unused += is_unused(s);
	}
	shared = shared && !gate_text_shows_suppressed && unused > 1;
	for (size_t k = first; k < i; k++) {
		s = gate_suppression(g, k);
		if (!shared || !is_unused(s))
			print_suppression(out, s);
	}
	if (shared)
		print_unused(out, of->origin, unused, i - first);
	return i;
}

static void print_turned_off(FILE *out, const struct gate *g)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];

	for (size_t i = 0; i < g->own_count; i++) {
		uint64_t bytes, n = wishes_withheld(g->own[i], &bytes);

		if (n && g->own[i]->off)
			fprintf(
			    out,
			    "note: %s of %s suppressed: a program turned leak checks off itself, by %s\n",
			    units_count(count, n, "finding"),
			    units_bytes(size, bytes), wishes_origin(g->own[i]));
	}
}

/* Those that fail the gate are told as what is incomplete. */
static void print_killed(FILE *out, const struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		char *process, *text, *shown;

		if (!p->killed_ok || n++ >= MOST_KILLED)
			continue;
		process = gate_card_process(p->name, p->pid);
		text = xasprintf("%s: %s", process, p->killed);
		shown = escape(text);
		fprintf(out, "note: %s\n", shown);
		free(shown);
		free(text);
		free(process);
	}
	if (n > MOST_KILLED)
		fprintf(out, "note: %zu more processes were killed\n",
			n - MOST_KILLED);
}

/* What it would have done after that nobody knows; its status may be lost behind
 * make and the like. */
static void print_crashed(FILE *out, const struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		char *process, *shown;

		if (!killed_fault(p->signal) || n++ >= MOST_KILLED)
			continue;
		process = gate_card_process(p->name, p->pid);
		shown = escape(process);
		fprintf(
		    out,
		    "note: %s was ended by %s: what it had not run was not checked\n",
		    shown, killed_signal(p->signal));
		free(shown);
		free(process);
	}
	if (n > MOST_KILLED)
		fprintf(out, "note: %zu more processes crashed\n",
			n - MOST_KILLED);
}

/* All that fails, but for what is told in the last line alone. */
static void print_failures(FILE *out, const struct gate *g)
{
	bool shown = false;

	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (g->verdict.rules[i].failed && g->verdict.rules[i].option) {
			fputc('\n', out);
			gate_card_limit(out, &g->verdict.rules[i]);
			shown = true;
		}
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails(g, &g->issues.list[i])) {
			fputc('\n', out);
			gate_card_issue(out, g, &g->issues.list[i]);
			shown = true;
		}
	if (shown)
		fputc('\n', out);
}

void gate_write_text(FILE *out, const struct gate *g)
{
	bool colour = paint_wanted(out);

	print_failures(out, g);
	gate_card_gaps(out, g);
	print_unseen(out, g);
	print_unread(out, g);
	print_others(out, g);
	print_inherited(out, g);
	print_crashed(out, g);
	print_passing(out, g);
	print_grown(out, g);
	if (g->baseline)
		print_kin(out, g);
	if (g->baseline)
		print_stale(out, g);
	for (size_t i = 0; gate_suppression(g, i);)
		i = print_file(out, g, i);
	print_turned_off(out, g);
	print_gone(out, g);
	print_killed(out, g);
	print_possible(out, g);
	fprintf(out, "%s%s%s\n",
		paint(colour, g->verdict.status ? PAINT_BAD : PAINT_GOOD),
		g->verdict.summary, paint(colour, PAINT_PLAIN));
}
