/* SPDX-License-Identifier: MIT */
#include "brief.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "cycle_hint.h"
#include "die.h"
#include "escape.h"
#include "mapped.h"
#include "member.h"
#include "place.h"
#include "shell_word.h"
#include "subject.h"
#include "text_stream.h"
#include "units.h"

#define LINE      240  /* bytes of one */
#define TAIL      1152 /* kept for what brief_end() prints */
#define MOST_NEXT 1024 /* bytes of a command */
#define MOST_GAPS 3
#define MEMBERS   3 /* of a cycle, that are named */

int brief_wanted;

/* --- The form ------------------------------------------------------------------------ */

void brief_begin(struct brief *b, FILE *out)
{
	*b = (struct brief){ out, BRIEF_BYTES - TAIL };
}

/* Cuts it between two characters. */
static void shorten(char *text)
{
	static const char dots[] = "...";
	size_t end = LINE - strlen(dots);

	if (strlen(text) <= LINE)
		return;
	while (end && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, dots, sizeof(dots));
}

bool brief_add(struct brief *b, char *text)
{
	char *line = escape(text);
	bool fits;

	free(text);
	shorten(line);
	fits = strlen(line) + 1 <= b->room;
	if (fits) {
		fprintf(b->out, "%s\n", line);
		b->room -= strlen(line) + 1;
	}
	free(line);
	return fits;
}

void brief_end(struct brief *b, uint64_t more, char *command)
{
	if (more)
		fprintf(b->out, "and %" PRIu64 " more\n", more);
	if (command && strlen(command) <= MOST_NEXT)
		fprintf(b->out, "next: %s\n", command);
	free(command);
}

char *brief_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./+-:@%,=";
	char *shown = escape(word);
	bool same = !strcmp(shown, word);

	free(shown);
	if (!same)
		return NULL;
	if (*word && !word[strspn(word, plain)])
		return xstrdup(word);
	return shell_word(word);
}

/* --- The verdict --------------------------------------------------------------------- */

/* What was looked for, where that is one kind. */
static const char *plural_of(unsigned kinds)
{
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (kinds & 1u << kind)
			return finding_kinds[kind].plural;
	return "findings";
}

static bool loses_mappings(const struct model *m, unsigned kinds)
{
	uint64_t bytes;

	return kinds & 1u << FINDING_LEAK && mapped_lost(m, &bytes);
}

/* What is said first of a process without findings. */
static void print_nothing_found(FILE *out, const struct model *m,
				const struct verdict *v, unsigned kinds)
{
	const unsigned all = 1u << FINDING_CYCLE | 1u << FINDING_LEAK;
	char count[UNITS_SIZE], amount[UNITS_SIZE];

	if ((kinds & all) != all)
		fprintf(out, "no %s", plural_of(kinds));
	else if (loses_mappings(m, kinds))
		fputs("mappings lost", out);
	else
		fputs(v->complete ? "clean" : "nothing found", out);
	fprintf(out, ", %s, %s alive",
		units_count(count, v->live_objects, "block"),
		units_bytes(amount, v->live_bytes));
}

static void print_lost_mappings(FILE *out, const struct model *m,
				unsigned kinds)
{
	char count[UNITS_SIZE], amount[UNITS_SIZE];
	uint64_t bytes, lost = mapped_lost(m, &bytes);

	if (loses_mappings(m, kinds))
		fprintf(out, ", %s of %s lost (refknot leaks)",
			units_count(count, lost, "mapping"),
			units_bytes(amount, bytes));
}

/* "verdict: 2 findings, 1.1 KiB lost, complete" */
static void add_verdict(struct brief *b, const struct model *m,
			const struct findings *f, const struct verdict *v,
			unsigned kinds, const struct wishes *wishes)
{
	uint64_t bytes, withheld = wishes_withheld(wishes, &bytes);
	uint64_t possible = v->by_kind[FINDING_POSSIBLE].findings;
	uint64_t others = verdict_findings(v, REPORT_FINDINGS & ~kinds);
	uint64_t blocks, lost;
	char *text, count[UNITS_SIZE], amount[UNITS_SIZE];
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	verdict_lost(v, kinds, &blocks, &lost);
	fputs("verdict: ", out);
	if (!f->checked && !v->findings)
		fprintf(out, "not checked: %s", f->why);
	else if (v->findings)
		fprintf(out, "%s, %s lost",
			units_count(count, v->findings, "finding"),
			units_bytes(amount, lost));
	else
		print_nothing_found(out, m, v, kinds);
	if (kinds & 1u << FINDING_LEAK && !(kinds & 1u << FINDING_POSSIBLE) &&
	    possible)
		fprintf(out, ", %" PRIu64 " possible leak%s (-p)", possible,
			possible == 1 ? "" : "s");
	print_lost_mappings(out, m, kinds);
	if (withheld)
		fprintf(out, ", %" PRIu64 " withheld by the program's own %s",
			withheld, wishes_origin(wishes));
	if (m->meta.end == RKN_END_SIGNAL)
		fprintf(out, ", ended by signal %" PRId32, m->meta.end_value);
	if (others)
		fprintf(out, ", %" PRIu64 " of other kinds (refknot report)",
			others);
	fputs(v->complete ? ", complete" : ", incomplete", out);
	text_stream_close(out);
	brief_add(b, text);
}

static void add_gaps(struct brief *b, const struct model *m,
		     const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);

	for (size_t i = 0; i < n && i < MOST_GAPS; i++)
		brief_add(b, xasprintf("not seen: %" PRIu64 " %s%s%s",
				       gaps[i].count, gaps[i].said,
				       *gaps[i].remedy ? "; " : "",
				       gaps[i].remedy));
	if (n > MOST_GAPS)
		brief_add(b, xasprintf("not seen: %zu more kinds of lacks",
				       n - MOST_GAPS));
}

/* --- Findings ------------------------------------------------------------------------ */

/* "parse.c:88" or "libfoo.so"; NULL: not known. The caller frees it. */
static char *site_of(const struct reading *in, uint32_t stack)
{
	const struct location *l = block_types_place(in->types, stack);
	char *site = l ? place_source(l) : NULL;

	return site || !l ? site : place_module(l);
}

/* "; parse.c:88 in parse_header" */
static void print_site(FILE *out, const struct reading *in,
		       const struct finding *f)
{
	const struct location *l = block_types_place(in->types, f->stack);
	char *site = site_of(in, f->stack), *function;

	if (l) {
		function = place_function(l);
		fprintf(out, "; %s%s%s", site ? site : "", site ? " in " : "",
			function);
		free(function);
	}
	free(site);
}

/* Of the line that `site` ends with, only the number, where `before` is of the same
 * file: "orphaned_cycle.c:45,57". */
static void print_site_after(FILE *out, const char *before, const char *site)
{
	const char *colon = strrchr(site, ':');
	size_t stem = colon ? (size_t)(colon - site) + 1 : 0;

	if (before && !strcmp(before, site))
		return;
	if (stem && before && !strncmp(before, site, stem))
		site += stem;
	fprintf(out, "%s%s", before ? "," : "; ", site);
}

/* "struct session <-> struct connection; orphaned_cycle.c:45,57" */
static void print_cycle_line(FILE *out, const struct reading *in,
			     const struct finding *f)
{
	char *site, *before = NULL;

	for (size_t i = 0; i < f->member_count && i < MEMBERS; i++) {
		struct member m = member_of(in, f, i);

		fprintf(out, "%s%s",
			!i                     ? ""
			: f->member_count == 2 ? " <-> "
					       : " -> ",
			m.type);
		free(m.name);
	}
	if (f->member_count > MEMBERS)
		fprintf(out, " -> %zu more", f->member_count - MEMBERS);
	for (size_t i = 0; i < f->member_count && i < MEMBERS; i++) {
		site = site_of(in, in->m->blocks[f->members[i]].stack);
		if (!site)
			continue;
		print_site_after(out, before, site);
		free(before);
		before = site;
	}
	free(before);
}

/* "; clear or weaken connection.session" */
static void print_break(FILE *out, const struct printer *p,
			const struct finding *f)
{
	struct cycle_round round;
	char *hint, *frees;

	cycle_round_make(&round, p->in, f);
	hint = cycle_hint(p, f, &round);
	frees = hint ? strstr(hint, ": frees ") : NULL;
	if (frees)
		*frees = '\0';
	if (hint)
		fprintf(out, "; %s", hint);
	free(hint);
	cycle_round_release(&round);
}

/* "2 leak 40 B struct item; parse.c:88 in parse_header" */
static char *finding_line(const struct printer *p, const struct finding *f,
			  size_t number)
{
	const struct reading *in = p->in;
	char *text, amount[UNITS_SIZE];
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	report_announce(in, f, FINDING_DRAWN);
	fprintf(out, "%zu %s", number, finding_kinds[f->kind].name);
	if (f->count > 1)
		fprintf(out, " %" PRIu64 "x", f->count);
	if (f->error == RKN_NONE)
		fprintf(out, " %s",
			units_bytes(amount, f->bytes + f->held_bytes));
	fputc(' ', out);
	if (f->kind == FINDING_CYCLE) {
		print_cycle_line(out, in, f);
		print_break(out, p, f);
	} else {
		char *blame =
		    f->kind == FINDING_REFERENCE || f->kind == FINDING_OVER
			? card_blame(p, f)
			: NULL;

		fputs(finding_type(f, in), out);
		if (blame)
			fprintf(out, "; not given back: %s", blame);
		else
			print_site(out, in, f);
		free(blame);
	}
	if (strcmp(finding_confidence(f, in->m), "high"))
		fprintf(out, "; confidence %s", finding_confidence(f, in->m));
	text_stream_close(out);
	return text;
}

/* --- The whole ----------------------------------------------------------------------- */

/* The one command that answers what is asked next; NULL: the recording does not
 * stay. `first`: number of a finding that is shown; 0: none is. */
static char *next_command(const struct model *m, const struct verdict *v,
			  const struct report_options *o, size_t first,
			  bool more)
{
	const char *all = o->kinds == 1u << FINDING_CYCLE  ? "cycles"
			  : o->kinds & 1u << FINDING_CYCLE ? "report"
							   : "leaks";
	const char *possible = o->kinds & 1u << FINDING_POSSIBLE ? " -p" : "";
	char *path = m->passing ? NULL : brief_word(m->path), *text;

	if (!path)
		return NULL;
	if (more)
		text = xasprintf("refknot %s%s -n 0 %s", all, possible, path);
	else if (first)
		text = xasprintf("refknot show %s %zu", path, first);
	else if (loses_mappings(m, o->kinds))
		text = xasprintf("refknot leaks %s", path);
	else if (!v->complete ||
		 verdict_findings(v, REPORT_FINDINGS & ~o->kinds))
		text = xasprintf("refknot report %s", path);
	else
		text = xasprintf("refknot objects %s", path);
	free(path);
	return text;
}

void brief_print(const struct printer *p, const struct findings *f,
		 const struct verdict *v, const struct report_options *o,
		 const struct wishes *wishes)
{
	const struct printer plain = { .out = p->out, .in = p->in };
	const struct model *m = p->in->m;
	size_t shown = 0, first = 0;
	struct brief b;

	brief_begin(&b, p->out);
	add_verdict(&b, m, f, v, o->kinds, wishes);
	add_gaps(&b, m, f);
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *one = &f->list[i];

		if (!report_wants(o, one, shown))
			continue;
		if (!brief_add(&b,
			       finding_line(&plain, one, subject_number(i))))
			break;
		first = first ? first : subject_number(i);
		shown++;
	}
	brief_end(&b, v->findings - shown,
		  next_command(m, v, o, first, shown < v->findings));
}
