/* SPDX-License-Identifier: MIT */
/* What refknot steady found, for people and for programs. */
#include <inttypes.h>
#include <string.h>

#include "document.h"
#include "json_text.h"
#include "steady.h"
#include "units.h"

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

/* Those that stopped before the others. */
static void print_stopped(FILE *out, const struct steady *s,
			  const struct growth_region *r)
{
	char text[UNITS_SIZE];

	if (!r->stopped)
		return;
	print_thread(out, "    warm-up: ", r->stopped_tid, r->stopped_is_main);
	if (r->stopped > 1)
		fprintf(out, " and %" PRIu64 " more", r->stopped - 1);
	fprintf(out, " stopped before the others began, after %s\n",
		count_text(text, s, r->stopped_passes));
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
	print_stopped(out, s, r);
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

void steady_print_verdict(FILE *out, const struct steady *s, int status)
{
	bool steady = steady_is(s);
	const char *before = "";
	char text[UNITS_SIZE];

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

static json_t *row_json(const struct growth_row *r)
{
	json_t *o = json_object();

	document_set(o, "type", json_text(r->type));
	document_set(o, "place", json_text(r->place));
	document_set(o, "verdict",
		     json_text(verdict_name(r->judgement.verdict)));
	document_set(o, "passes", json_count(r->judgement.passes));
	document_set(o, "objects", json_integer(r->judgement.objects));
	document_set(o, "bytes", json_integer(r->bytes));
	document_set(o, "rate", json_text(r->rate));
	document_set(o, "series", json_text(r->series));
	document_set(o, "thread", r->tid ? json_count(r->tid) : json_null());
	return o;
}

static json_t *region_json(const struct growth_region *r, size_t limit)
{
	size_t shown = limit && limit < r->count ? limit : r->count;
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < shown; i++)
		document_append(rows, row_json(&r->rows[i]));
	document_set(o, "name", json_text(r->name));
	document_set(o, "verdict", json_text(verdict_name(r->verdict)));
	document_set(o, "complete", json_boolean(!r->lost));
	document_set(o, "passes", json_count(r->passes));
	document_set(o, "threads", json_count(r->threads));
	document_set(o, "stopped_threads", json_count(r->stopped));
	document_set(o, "stopped_passes", json_count(r->stopped_passes));
	document_set(o, "stopped_thread",
		     r->stopped ? json_count(r->stopped_tid) : json_null());
	document_set(o, "growing", json_count(r->count));
	document_set(o, "types", rows);
	return o;
}

json_t *steady_json(const struct steady *s, size_t limit, int status)
{
	json_t *o = json_object(), *regions = json_array();

	for (size_t i = 0; i < s->count; i++)
		document_append(regions, region_json(&s->list[i], limit));
	document_set(o, "schema", json_text("refknot-steady/1"));
	document_set(o, "steady", json_boolean(steady_is(s)));
	document_set(o, "exit_status", json_integer(status));
	document_set(o, "warmup", json_count(s->options.warmup));
	document_set(o, "runs", json_count(s->options.runs));
	document_set(o, "unit", json_text(s->noun));
	document_set(o, "regions", regions);
	return o;
}
