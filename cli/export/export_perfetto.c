/* SPDX-License-Identifier: MIT */
/*
 * Trace events as JSON, for ui.perfetto.dev and chrome://tracing: what was alive
 * and allocated are counters by the points of the timeline, the sites with most are
 * one with a series each by key frames, and marks are instants.  Times are
 * microseconds since the start.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "export_json.h"
#include "group_series.h"
#include "peak.h"
#include "status.h"

#define SITES 20 /* that have a series of their own */

struct writer {
	FILE *out;
	const struct model *m;
};

/* An event as far as to its arguments. `phase`: what it is, and what only such
 * have. */
static void begin_event(const struct writer *w, const char *name,
			const char *phase, uint64_t time_ns)
{
	fputs(",\n{\"name\":", w->out);
	export_json_text(w->out, name);
	fprintf(w->out,
		",\"cat\":\"memory\",\"ph\":%s,\"ts\":%" PRIu64 ".%03" PRIu64
		",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"args\":{",
		phase, time_ns / 1000, time_ns % 1000, w->m->meta.pid,
		w->m->meta.pid);
}

static void write_value(const struct writer *w, const char *between,
			const char *name, uint64_t value)
{
	fputs(between, w->out);
	export_json_text(w->out, name);
	putc(':', w->out);
	export_json_number(w->out, value);
}

static void write_counter(const struct writer *w, const char *name,
			  const char *series, uint64_t time_ns, uint64_t value)
{
	begin_event(w, name, "\"C\"", time_ns);
	write_value(w, "", series, value);
	fputs("}}", w->out);
}

static void write_instant(const struct writer *w, const char *name,
			  uint64_t time_ns)
{
	begin_event(w, name, "\"i\",\"s\":\"p\"", time_ns);
	fputs("}}", w->out);
}

static void write_points(const struct writer *w)
{
	const struct rkn_point *p = w->m->points;

	for (size_t i = 0; i < w->m->point_count; i++, p++) {
		write_counter(w, "alive", "bytes", p->time_ns, p->bytes);
		write_counter(w, "blocks", "alive", p->time_ns, p->blocks);
		write_counter(w, "allocated", "bytes", p->time_ns,
			      p->allocated_bytes);
		write_counter(w, "allocations", "so far", p->time_ns,
			      p->allocations);
		if (p->flags & RKN_POINT_PEAK)
			write_instant(w, PEAK_NAME, p->time_ns);
	}
	for (size_t i = 0; i < w->m->mark_count; i++)
		write_instant(w, model_name(w->m, w->m->marks[i].name),
			      w->m->marks[i].time_ns);
}

/* Readers draw series upon one another: together they are all that was alive. */
static void write_sites(const struct writer *w, const struct reading *in)
{
	struct group_series s;
	size_t count;
	struct instant *list = instants_list(in->m, &count);

	group_series_make(&s, in, GROUP_BY_SITE, list, count);
	for (size_t i = 0; s.count && i < count; i++) {
		uint64_t others = 0;

		begin_event(w, "alive by site", "\"C\"", list[i].time_ns);
		for (size_t r = 0; r < s.count; r++)
			if (r < SITES)
				write_value(w, r ? "," : "", s.rows[r].key,
					    s.rows[r].values[i].bytes);
			else
				others += s.rows[r].values[i].bytes;
		if (s.count > SITES)
			write_value(w, ",", "(others)", others);
		fputs("}}", w->out);
	}
	group_series_release(&s);
	free(list);
}

void export_perfetto(FILE *out, const struct exporting *e)
{
	const struct writer w = { .out = out, .m = e->in->m };

	if (!instants_known(w.m))
		die(STATUS_INPUT,
		    "export: what was alive when is not known: " INSTANTS_WHY_UNKNOWN);
	fputs(
	    "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"version\":\"refknot " REFKNOT_VERSION
	    "\"},\n\"traceEvents\":[\n",
	    out);
	fprintf(
	    out,
	    "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,"
	    "\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"args\":{\"name\":",
	    w.m->meta.pid, w.m->meta.pid);
	export_json_text(out, model_called(w.m));
	fputs("}}", out);
	write_points(&w);
	write_sites(&w, e->in);
	fputs("\n]}\n", out);
}
