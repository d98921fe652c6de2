/* SPDX-License-Identifier: MIT */
/* What refknot steady found, for people and for programs. */
#include <inttypes.h>
#include <string.h>

#include "document.h"
#include "json_text.h"
#include "steady.h"
#include "units.h"
#include "xmalloc.h"

#define NAMED 3 /* types that the last line names, of a region and verdict */

/* "1 pass", "6 passes" or "6 runs"; into `text`, UNITS_SIZE bytes. */
static char *count_text(char *text, const struct steady *s, uint64_t count)
{
	bool es = s->noun[strlen(s->noun) - 1] == 's';

	snprintf(text, UNITS_SIZE, "%" PRIu64 " %s%s", count, s->noun,
		 count == 1 ? ""
		 : es       ? "es"
			    : "s");
	return text;
}

/* --- Text -------------------------------------------------------------------- */

static void print_thread(FILE *out, const char *before, uint32_t tid,
			 bool is_main)
{
	fprintf(out, is_main ? "%sthe main thread" : "%sthread %" PRIu32,
		before, tid);
}

static void print_row(FILE *out, const struct steady *s,
		      const struct growth_row *r)
{
	char passes[UNITS_SIZE], objects[UNITS_SIZE], bytes[UNITS_SIZE];
	uint64_t size = r->bytes < 0 ? -(uint64_t)r->bytes : (uint64_t)r->bytes;

	if (r->judgement.verdict == GROWTH_EVERY_PASS)
		fprintf(out, "    GROWS IN EVERY %s  ",
			strcmp(s->noun, "run") ? "PASS" : "RUN");
	else
		fputs("    GROWS PERIODICALLY  ", out);
	fprintf(out, "%s  %s\n", r->type, r->rate);
	if (r->place)
		fprintf(out, "        allocated by %s\n", r->place);
	for (const char *c = r->callers; c && *c; c += strcspn(c, "\n") + 1)
		fprintf(out, "        called by %.*s\n", (int)strcspn(c, "\n"),
			c);
	fprintf(out, "        %s, %s%s in %s",
		units_count(objects, (uint64_t)r->judgement.objects, "object"),
		r->bytes < 0 ? "-" : "", units_bytes(bytes, size),
		count_text(passes, s, r->judgement.passes));
	if (r->tid)
		print_thread(out, ", most in ", r->tid, r->is_main);
	fprintf(out, ": %s\n", r->series);
}

static void print_region(FILE *out, const struct steady *s,
			 const struct growth_region *r, size_t limit)
{
	size_t shown = limit && limit < r->count ? limit : r->count;
	char text[UNITS_SIZE];

	fprintf(out, "%s  %s", *r->name ? r->name : "(no name)",
		count_text(text, s, r->passes));
	if (r->threads > 1)
		fprintf(out, " in %" PRIu64 " threads", r->threads);
	if (r->verdict == GROWTH_TOO_FEW)
		fprintf(out, "; %" PRIu64 " are needed to judge it",
			s->options.warmup + s->options.runs);
	else if (!r->count)
		fputs("; nothing grows", out);
	fputs("\n", out);
	if (r->stopped) {
		print_thread(out, "    warm-up: ", r->stopped_tid,
			     r->stopped_is_main);
		if (r->stopped > 1)
			fprintf(out, " and %" PRIu64 " more", r->stopped - 1);
		fprintf(out, " stopped before the others began, after %s\n",
			count_text(text, s, r->stopped_passes));
	}
	for (size_t i = 0; i < shown; i++)
		print_row(out, s, &r->rows[i]);
	if (shown < r->count)
		fprintf(out, "    omitting %zu more; --limit 0 shows all\n",
			r->count - shown);
	if (r->lost)
		fputs("    not all that it did is known\n", out);
}

void steady_print(FILE *out, const struct steady *s, size_t limit)
{
	for (size_t i = 0; i < s->count; i++)
		print_region(out, s, &s->list[i], limit);
}

/* --- The last line ------------------------------------------------------------- */

/* "2 types grow in every pass (Session +2, malloc in parse +1)"; whether there
 * was any. A rate in every pass is one by pass. */
static bool print_types(FILE *out, const struct steady *s,
			const struct growth_region *r,
			enum growth_verdict verdict, const char *before)
{
	size_t count = 0, named = 0;

	for (size_t i = 0; i < r->count; i++)
		count += r->rows[i].judgement.verdict == verdict;
	if (!count)
		return false;
	fprintf(out, "%s%zu %s ", before, count,
		count == 1 ? "type grows" : "types grow");
	if (verdict == GROWTH_EVERY_PASS)
		fprintf(out, "in every %s (", s->noun);
	else
		fputs("periodically (", out);
	for (size_t i = 0; i < r->count && named < NAMED; i++) {
		const struct growth_row *row = &r->rows[i];

		size_t rate = verdict == GROWTH_EVERY_PASS
				  ? strcspn(row->rate, " ")
				  : strlen(row->rate);

		if (row->judgement.verdict == verdict)
			fprintf(out, "%s%s %.*s", named++ ? ", " : "",
				row->type, (int)rate, row->rate);
	}
	if (named < count)
		fprintf(out, ", and %zu more", count - named);
	fputs(")", out);
	return true;
}

static void print_failed(FILE *out, const struct steady *s,
			 const struct growth_region *r)
{
	const char *before = "";
	char text[UNITS_SIZE];

	fprintf(out, "%s: ", *r->name ? r->name : "(no name)");
	if (print_types(out, s, r, GROWTH_EVERY_PASS, before))
		before = ", ";
	if (print_types(out, s, r, GROWTH_PERIODIC, before))
		before = ", ";
	if (r->verdict == GROWTH_TOO_FEW) {
		fprintf(out, "%s, %" PRIu64 " needed",
			count_text(text, s, r->passes),
			s->options.warmup + s->options.runs);
		before = ", ";
	}
	if (r->lost)
		fprintf(out, "%snot all that it did is known", before);
}

/* The command that shows what keeps what grows. */
static void print_next(FILE *out, const struct steady *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].verdict == GROWTH_EVERY_PASS ||
		    s->list[i].verdict == GROWTH_PERIODIC) {
			fputs(
			    "what holds it: record a run with refknot run, then refknot objects --by root\n",
			    out);
			return;
		}
}

void steady_print_verdict(FILE *out, const struct steady *s, int status)
{
	bool steady = steady_is(s);
	const char *before = "";
	char text[UNITS_SIZE];

	if (!steady)
		print_next(out, s);
	fprintf(out, "refknot: %s steady: ", steady ? "OK" : "FAIL");
	if (!s->count)
		fputs(
		    "the program made no regions known (see refknot.h), and no argument has a {} to be replaced by how much it is to do (see refknot steady --help)",
		    out);
	for (size_t i = 0; i < s->count; i++) {
		const struct growth_region *r = &s->list[i];

		if (growth_fails(r) == steady)
			continue;
		fputs(before, out);
		before = "; ";
		if (steady)
			fprintf(out, "%s: %s", *r->name ? r->name : "(no name)",
				count_text(text, s, r->passes));
		else
			print_failed(out, s, r);
	}
	fprintf(out, "; exit %d\n", status);
}

/* --- JSON -------------------------------------------------------------------- */

static const char *verdict_name(enum growth_verdict v)
{
	static const char *const names[] = {
		[GROWTH_STEADY] = "steady",
		[GROWTH_TOO_FEW] = "too-few-passes",
		[GROWTH_PERIODIC] = "grows-periodically",
		[GROWTH_EVERY_PASS] = "grows-every-pass",
	};

	return names[v];
}

static json_t *callers_json(const struct growth_row *r)
{
	json_t *array = json_array();

	for (const char *c = r->callers; c && *c; c += strcspn(c, "\n") + 1) {
		char *one = xasprintf("%.*s", (int)strcspn(c, "\n"), c);

		document_append(array, json_text(one));
		free(one);
	}
	return array;
}

static json_t *region_json(const struct growth_region *r, size_t limit)
{
	size_t shown = limit && limit < r->count ? limit : r->count;
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < shown; i++) {
		const struct growth_row *row = &r->rows[i];
		json_t *of = json_object();

		document_text(of, "type", row->type);
		document_text(of, "place", row->place);
		document_set(of, "callers", callers_json(row));
		document_text(of, "verdict",
			      verdict_name(row->judgement.verdict));
		document_count(of, "passes", row->judgement.passes);
		document_set(of, "objects",
			     json_integer(row->judgement.objects));
		document_set(of, "bytes", json_integer(row->bytes));
		document_text(of, "rate", row->rate);
		document_text(of, "series", row->series);
		document_known(of, "thread", row->tid, row->tid);
		document_append(rows, of);
	}
	document_text(o, "name", r->name);
	document_text(o, "verdict", verdict_name(r->verdict));
	document_flag(o, "complete", !r->lost);
	document_count(o, "passes", r->passes);
	document_count(o, "threads", r->threads);
	document_count(o, "stopped_threads", r->stopped);
	document_count(o, "stopped_passes", r->stopped_passes);
	document_known(o, "stopped_thread", r->stopped, r->stopped_tid);
	document_count(o, "growing", r->count);
	document_set(o, "types", rows);
	return o;
}

json_t *steady_json(const struct steady *s, size_t limit, int status)
{
	json_t *o = json_object(), *regions = json_array();

	for (size_t i = 0; i < s->count; i++)
		document_append(regions, region_json(&s->list[i], limit));
	document_text(o, "schema", "refknot-steady/1");
	document_flag(o, "steady", steady_is(s));
	document_set(o, "exit_status", json_integer(status));
	document_count(o, "warmup", s->options.warmup);
	document_count(o, "runs", s->options.runs);
	document_text(o, "unit", s->noun);
	document_set(o, "regions", regions);
	return o;
}
