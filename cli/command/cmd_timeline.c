/* SPDX-License-Identifier: MIT */
/* refknot timeline: what was alive when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "command.h"
#include "die.h"
#include "escape.h"
#include "group_series.h"
#include "paint.h"
#include "peak.h"
#include "showing.h"
#include "siblings.h"
#include "table.h"
#include "text_stream.h"
#include "units.h"
#include "verdict.h"
#include "wrap.h"

#define WIDTH   80 /* columns, where the terminal does not say */
#define HEIGHT  12
#define LINE    24          /* columns of a row's chart */
#define LETTERS 26          /* marks that are shown */
#define SHORT   10000000ull /* ns: the clock for the peak may be 4 ms behind */

static char *by, *from, *to;

/* What is shown. */
struct window {
	uint64_t from, to;
	struct instant *instants;
	size_t count;
};

/* --- Text -------------------------------------------------------------------- */

/* That was seen. */
static uint64_t highest(const struct model *m)
{
	uint64_t most = 0;

	for (size_t i = 0; i < m->point_count; i++)
		if (m->points[i].most > most)
			most = m->points[i].most;
	return most;
}

static bool is_short(const struct model *m)
{
	return m->meta.duration_ns < SHORT;
}

static void print_summary(const struct model *m)
{
	const struct rkn_point *peak = instants_peak(m);
	const struct rkn_point *end = &m->points[m->point_count - 1];
	char time[UNITS_SIZE], bytes[UNITS_SIZE], blocks[UNITS_SIZE];
	char *error = peak_error_text(m), *text;
	const size_t width = paint_width(stdout);
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	fprintf(out, "%s", units_time(time, m->meta.duration_ns));
	if (peak) {
		fprintf(out, "; most was alive");
		if (!is_short(m))
			fprintf(out, " at %s", units_time(time, peak->time_ns));
		fprintf(out, ": %s in %s", units_bytes(bytes, peak->bytes),
			units_count(blocks, peak->blocks, "block"));
	}
	fprintf(out, "; at the end %s in %s\n", units_bytes(bytes, end->bytes),
		units_count(blocks, end->blocks, "block"));
	text_stream_close(out);
	wrap_clauses(stdout, text, width, 0);
	free(text);
	if (peak && error && highest(m) > peak->bytes)
		wrap_print(stdout, error, width, 0);
	putchar('\n');
	free(error);
}

static bool is_in(const struct window *w, uint64_t time)
{
	return time >= w->from && time <= w->to;
}

/* Letters under the axis, and what they stand for. */
static void print_labels(const struct model *m, const struct window *w,
			 size_t width)
{
	const struct rkn_point *peak = instants_peak(m);
	char *line = xcalloc(width + 1, 1), time[UNITS_SIZE], bytes[UNITS_SIZE];
	size_t shown = 0, more = 0, end = width;

	memset(line, ' ', width);
	for (size_t i = 0; i < m->mark_count; i++)
		if (is_in(w, m->marks[i].time_ns) && shown < LETTERS)
			line[chart_part_of(m->marks[i].time_ns, w->from, w->to,
					   width)] = (char)('a' + shown++);
		else
			more += is_in(w, m->marks[i].time_ns);
	if (peak && is_in(w, peak->time_ns))
		line[chart_part_of(peak->time_ns, w->from, w->to, width)] = '^';
	while (end && line[end - 1] == ' ')
		end--;
	if (end)
		printf("%*s%.*s\n", CHART_MARGIN, "", (int)end, line);
	free(line);
	if (peak && is_in(w, peak->time_ns))
		printf("^  peak, %s at %s\n", units_bytes(bytes, peak->bytes),
		       units_time(time, peak->time_ns));
	shown = 0;
	for (size_t i = 0; i < m->mark_count && shown < LETTERS; i++) {
		const struct rkn_mark *mark = &m->marks[i];
		char *name;

		if (!is_in(w, mark->time_ns))
			continue;
		name = escape(model_name(m, mark->name));
		printf("%c  %s, %s at %s\n", (char)('a' + shown++), name,
		       units_bytes(bytes, mark->bytes),
		       units_time(time, mark->time_ns));
		free(name);
	}
	if (more)
		printf("and %zu more mark%s; --format json has all\n", more,
		       more == 1 ? "" : "s");
}

/* Why there is no chart; false: there is one. */
static bool print_no_chart(const struct model *m, const struct window *w)
{
	char text[UNITS_SIZE];

	if (!highest(m))
		puts("no bytes were alive");
	else if (is_short(m))
		puts("the run is too short for times: no chart below 10 ms");
	else if (w->from == w->to)
		printf("the window is empty: it begins and ends at %s\n",
		       units_time(text, w->from));
	else
		return false;
	return true;
}

static void print_chart(const struct model *m, const struct window *w)
{
	const size_t columns = paint_width(stdout);
	const size_t width = (columns ? columns : WIDTH) - CHART_MARGIN - 1;
	uint64_t *parts;
	const bool utf8 = chart_is_utf8();

	print_summary(m);
	if (print_no_chart(m, w))
		return;
	parts = xcalloc(width, sizeof(*parts));
	chart_parts(m->points, m->point_count, w->from, w->to, parts, width);
	chart_print(stdout, parts, width, HEIGHT, utf8);
	chart_print_axis(stdout, w->from, w->to, width, utf8);
	print_labels(m, w, width);
	free(parts);
}

/* A row's bytes as a line, and the most of them. */
static char *line_of(const struct group_series_row *row, const struct window *w,
		     uint64_t *most)
{
	struct rkn_point *points = xcalloc(w->count, sizeof(*points));
	uint64_t parts[LINE];
	char *line;

	*most = 0;
	for (size_t i = 0; i < w->count; i++) {
		points[i].time_ns = w->instants[i].time_ns;
		points[i].bytes = points[i].most = row->values[i].bytes;
		if (points[i].bytes > *most)
			*most = points[i].bytes;
	}
	chart_parts(points, w->count, w->from, w->to, parts, LINE);
	line = chart_line(parts, LINE, *most, chart_is_utf8());
	free(points);
	return line;
}

static void print_groups(const struct group_series *s, enum group_by grouping,
			 const struct window *w, size_t limit)
{
	const struct table_column columns[] = {
		{ "FIRST", true },
		{ "MOST", true },
		{ "LAST", true },
		{ "OVER TIME", false },
		{ group_by_titles[grouping], false },
	};
	const size_t shown = limit && limit < s->count ? limit : s->count;
	char text[UNITS_SIZE], other[UNITS_SIZE];
	struct table t;

	printf("%s, from %s to %s\n\n", units_count(text, w->count, "instant"),
	       units_time(other, w->instants[0].time_ns),
	       units_time((char[UNITS_SIZE]){ 0 },
			  w->instants[w->count - 1].time_ns));
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < shown; i++) {
		const struct group_series_row *row = &s->rows[i];
		uint64_t most;
		char *line = line_of(row, w, &most);

		table_add(&t, units_bytes(text, row->values[0].bytes));
		table_add(&t, units_bytes(text, most));
		table_add(&t,
			  units_bytes(text, row->values[w->count - 1].bytes));
		table_add(&t, line);
		table_add(&t, row->key);
		free(line);
	}
	table_print(&t, stdout);
	table_release(&t);
	if (shown < s->count)
		printf("omitting %zu more rows; --limit 0 shows all\n",
		       s->count - shown);
}

/* --- JSON -------------------------------------------------------------------- */

static json_t *points_json(const struct model *m, const struct window *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < m->point_count; i++) {
		const struct rkn_point *p = &m->points[i];
		json_t *o;

		if (!is_in(w, p->time_ns))
			continue;
		o = json_object();
		document_count(o, "time_ns", p->time_ns);
		document_count(o, "bytes", p->bytes);
		document_count(o, "blocks", p->blocks);
		document_count(o, "most_bytes", p->most);
		document_count(o, "least_bytes", p->least);
		document_count(o, "allocations", p->allocations);
		document_count(o, "allocated_bytes", p->allocated_bytes);
		document_count(o, "births", p->births);
		document_flag(o, "peak", p->flags & RKN_POINT_PEAK);
		document_append(array, o);
	}
	return array;
}

static json_t *marks_json(const struct model *m, const struct window *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < m->mark_count; i++) {
		const struct rkn_mark *mark = &m->marks[i];
		json_t *o;

		if (!is_in(w, mark->time_ns))
			continue;
		o = json_object();
		document_text(o, "name", model_name(m, mark->name));
		document_count(o, "number", mark->number);
		document_count(o, "time_ns", mark->time_ns);
		document_count(o, "bytes", mark->bytes);
		document_count(o, "blocks", mark->blocks);
		document_append(array, o);
	}
	return array;
}

static json_t *instants_json(const struct window *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < w->count; i++) {
		json_t *o = json_object();

		document_text(o, "kind", instant_names[w->instants[i].kind]);
		document_count(o, "time_ns", w->instants[i].time_ns);
		document_append(array, o);
	}
	return array;
}

static json_t *groups_json(const struct group_series *s, size_t limit)
{
	const size_t shown = limit && limit < s->count ? limit : s->count;
	json_t *array = json_array();

	for (size_t i = 0; i < shown; i++) {
		json_t *o = json_object(), *bytes = json_array();
		json_t *blocks = json_array();

		for (size_t k = 0; k < s->instants; k++) {
			const struct instant_sum *v = &s->rows[i].values[k];

			document_append(bytes,
					json_integer((json_int_t)v->bytes));
			document_append(blocks,
					json_integer((json_int_t)v->blocks));
		}
		document_text(o, "name", s->rows[i].key);
		document_set(o, "bytes", bytes);
		document_set(o, "blocks", blocks);
		document_append(array, o);
	}
	return array;
}

/* --- The command -------------------------------------------------------------- */

/* False: one of the times is none of the run. */
static bool open_window(struct window *w, const struct model *m)
{
	struct instant begin = { .kind = INSTANT_START };
	struct instant end = instants_end(m);
	size_t first, last;
	char *why = from ? instants_parse(m, from, &begin) : NULL, *order;

	if (to && !why)
		why = instants_parse(m, to, &end);
	order = why ? NULL
		    : instants_order(&begin, from ? from : "start", &end,
				     to ? to : END_NAME);
	if (order)
		why = xasprintf("--from is after --to: %s", order);
	free(order);
	if (why) {
		warn("timeline: %s", why);
		free(why);
		return false;
	}
	*w = (struct window){ .from = begin.time_ns, .to = end.time_ns };
	w->instants = instants_list(m, &w->count);
	/* And those that are nearest to its ends. */
	first = (size_t)(instants_nearest(w->instants, w->count, &begin) -
			 w->instants);
	last = (size_t)(instants_nearest(w->instants, w->count, &end) -
			w->instants);
	if (last < first)
		last = first;
	w->count = last - first + 1;
	memmove(w->instants, w->instants + first,
		w->count * sizeof(*w->instants));
	return true;
}

static void show(const struct reading *in, struct showing *show,
		 const struct window *w)
{
	const enum group_by grouping = (enum group_by)options_choice(
	    "by", by, group_by_names, GROUP_BY_SIZE, GROUP_BY_TYPE);
	json_t *o, *document;
	struct group_series s = { 0 };

	if (by)
		group_series_make(&s, in, grouping, w->instants, w->count);
	if (show->format == FORMAT_JSON) {
		o = json_object();
		document_count(o, "from_ns", w->from);
		document_count(o, "to_ns", w->to);
		document_set(o, "points", points_json(in->m, w));
		document_set(o, "marks", marks_json(in->m, w));
		document_set(o, "instants", instants_json(w));
		document_set(o, "groups", groups_json(&s, show->limit));
		document = document_new(in, NULL);
		document_set(document, "timeline", o);
		documents_add(&show->documents, document);
	} else {
		siblings_print("", in->m);
		if (by)
			print_groups(&s, grouping, w, show->limit);
		else
			print_chart(in->m, w);
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	group_series_release(&s);
}

static void visit(const struct reading *in, void *data)
{
	struct showing *showing = data;
	struct window w;

	if (!instants_known(in->m)) {
		warn("timeline: not known: " INSTANTS_WHY_UNKNOWN);
		showing->status = STATUS_INPUT;
	} else if (!open_window(&w, in->m)) {
		showing->status = STATUS_INPUT;
	} else {
		show(in, showing, &w);
		free(w.instants);
	}
}

static int run(const char **arguments)
{
	struct showing s = showing_begin(arguments, "timeline");

	if (by && (!strcmp(by, group_by_names[GROUP_BY_SIZE]) ||
		   !strcmp(by, group_by_names[GROUP_BY_ROOT])))
		die(STATUS_INPUT,
		    "timeline: --by takes neither size nor root: call stacks keep sums only");
	options_choice("by", by, group_by_names, GROUP_BY_SIZE, GROUP_BY_TYPE);
	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = {
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "rows of what was alive, by one of these",
	  "type|site|function|file" },
	{ "from", 0, POPT_ARG_STRING, &from, 0,
	  "begin at that time, in seconds, as a part such as 40%, or at a mark",
	  "TIME" },
	{ "to", 0, POPT_ARG_STRING, &to, 0, "end there", "TIME" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_timeline = {
	.name = "timeline",
	.group = COMMAND_ALIVE,
	.arguments = "[REC]",
	.help = "show what was alive when, as a chart",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
