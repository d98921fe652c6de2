/* SPDX-License-Identifier: MIT */
/* refknot info: what was recorded, what was not and why, and at what cost. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "escape.h"
#include "paint.h"
#include "peak.h"
#include "showing.h"
#include "text_stream.h"
#include "units.h"
#include "unread.h"
#include "verdict.h"
#include "wrap.h"

#define INDENT 17 /* of what a row says */

static void __attribute__((format(printf, 2, 3)))
row(const char *label, const char *format, ...)
{
	va_list ap;
	char *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	fprintf(out, "%-*s ", INDENT - 1, label);
	va_start(ap, format);
	vfprintf(out, format, ap);
	va_end(ap);
	putc('\n', out);
	text_stream_close(out);
	wrap_clauses(stdout, text, paint_width(stdout), INDENT);
	free(text);
}

static void row_text(const char *label, const char *text)
{
	char *shown = escape(text);

	printf("%-*s %s\n", INDENT - 1, label, shown);
	free(shown);
}

static void row_bytes(const char *label, uint64_t bytes)
{
	char text[UNITS_SIZE];

	row(label, "%s", units_bytes(text, bytes));
}

/* "1234 calls, 5.6 KiB" */
static void row_calls(const char *label, uint64_t count, uint64_t bytes)
{
	char calls[UNITS_SIZE], size[UNITS_SIZE];

	row(label, "%s, %s", units_count(calls, count, "call"),
	    units_bytes(size, bytes));
}

static void print_peak(const struct model *m)
{
	char size[UNITS_SIZE], *error = peak_error_text(m);

	row("peak", "%s%s%s", units_bytes(size, m->meta.peak_bytes),
	    error ? "; " : "", error ? error : "");
	free(error);
}

static void print_process(const struct model *m)
{
	const struct rkn_meta *meta = &m->meta;
	time_t seconds = (time_t)(meta->start_ns / 1000000000u);
	struct model_arguments a = { 0 };
	char duration[UNITS_SIZE], start[64];
	const char *text;
	struct tm tm;

	row_text("recording", m->path);
	row_text("program", model_text(m, meta->program));
	printf("%-*s", INDENT - 1, "arguments");
	while ((text = model_argument(m, &a))) {
		char *shown = escape(text);

		printf(" %s", shown);
		free(shown);
	}
	putchar('\n');
	row_text("directory", model_text(m, meta->directory));
	row("process", "%" PRIu32 ", child of %" PRIu32 "%s", meta->pid,
	    meta->parent_pid, meta->flags & RKN_META_FORKED ? ", by fork" : "");
	if (meta->end == RKN_END_EXIT)
		row("end", "exit status %" PRId32, meta->end_value);
	else if (meta->end == RKN_END_SIGNAL)
		row("end", "signal %" PRId32 " (%s)", meta->end_value,
		    strsignal(meta->end_value));
	else
		row("end", "not known: killed, replaced by exec, or running");
	if (gmtime_r(&seconds, &tm) &&
	    strftime(start, sizeof(start), "%Y-%m-%d %H:%M:%S UTC", &tm))
		row("started", "%s", start);
	row("duration", "%s",
	    meta->end == RKN_END_UNKNOWN
		? "not known"
		: units_time(duration, meta->duration_ns));
}

/* How many records of a table whose first means "not known". */
static size_t known(size_t count)
{
	return count ? count - 1 : 0;
}

static void print_tables(const struct reading *in)
{
	const struct model *m = in->m;
	uint64_t verified = m->limits[RKN_LIMIT_STACK_VERIFIED];
	struct unread u;
	char text[UNITS_SIZE];

	row("call stacks", "%s of %zu frames",
	    units_count(text, known(m->stack_count), "stack"),
	    known(m->frame_count));
	if (verified)
		row("verified",
		    "%s with libunwind: %" PRIu64 " differ, %" PRIu64
		    " it did not follow to the end",
		    units_count(text, verified, "walk"),
		    m->limits[RKN_LIMIT_STACK_DIFFERS],
		    m->limits[RKN_LIMIT_STACK_UNVERIFIED]);
	row("threads", "%s",
	    units_count(text, known(m->thread_count), "thread"));
	row("modules", "%s", units_count(text, m->module_count, "module"));
	unread_frames(&u, in);
	if (u.modules) {
		char *modules = unread_modules(u.modules, u.path, u.why);

		row("no symbols for", "%s", modules);
		row("", "%zu of %zu frames are known by offset only",
		    u.affected, known(m->frame_count));
		free(modules);
	}
}

/* "90 of 100 blocks, 20 as bytes; 70 by their site, 20 by pointers to them" */
static void print_types(const struct reading *in)
{
	struct block_types_sum sum = block_types_sum(in->types);
	size_t against = block_types_contradictions(in->types);
	char text[UNITS_SIZE];

	row("C types of", "%zu of %s, %zu of them as bytes",
	    in->m->block_count - sum.by[TYPE_NOTHING],
	    units_count(text, in->m->block_count, "block"), sum.bytes);
	row("",
	    "%zu by their site, %zu by the pointers to them, %zu by their first word",
	    sum.by[TYPE_SITE], sum.by[TYPE_FIELD], sum.by[TYPE_FIRST_WORD]);
	if (sum.by[TYPE_SOURCE] + sum.by[TYPE_ALLOC_TYPE])
		row("",
		    "%zu by the source of their call, %zu by what the debug information says of it",
		    sum.by[TYPE_SOURCE], sum.by[TYPE_ALLOC_TYPE]);
	if (against)
		row("",
		    "%s without one, for the pointers to them contradict each other",
		    units_count(text, against, "block"));
	against = block_types_source_contradictions(in->types);
	if (against)
		row("",
		    "%s without one, for the source of their call names another",
		    units_count(text, against, "block"));
}

/* "12 of std::shared_ptr, 3 of Rc and Arc"; nothing if there are none. */
static void print_counted(const struct reading *in)
{
	size_t by[COUNTED_RC + 1] = { 0 };
	struct block_counts c;

	for (size_t i = 0; i < in->m->count_count; i++)
		if (block_types_counts(in->types, in->m->counts[i].block, &c))
			by[c.kind]++;
	if (by[COUNTED_SHARED_PTR] + by[COUNTED_SHARED_PTR_1] + by[COUNTED_RC])
		row("counts known", "%zu of std::shared_ptr, %zu of Rc and Arc",
		    by[COUNTED_SHARED_PTR] + by[COUNTED_SHARED_PTR_1],
		    by[COUNTED_RC]);
}

static void print_cost(const struct model *m)
{
	char time[UNITS_SIZE], stop[UNITS_SIZE], size[UNITS_SIZE];

	if (m->meta.flags & RKN_META_SNAPSHOT)
		row("snapshot",
		    "%s; took %s, of it %s to stop threads; searched %s of roots",
		    m->meta.flags & RKN_META_AT_SIGNAL
			? "in a handler of the signal that ended the process"
		    : m->meta.flags & RKN_META_AT_CALL
			? "when the program asked for it"
			: "at exit",
		    units_time(time, m->meta.snapshot_ns),
		    units_time(stop, m->meta.stop_ns),
		    units_bytes(size, m->meta.root_bytes));
	else
		row("snapshot", "none");
	if (m->limits[RKN_LIMIT_INHERITED_BYTES])
		row("inherited", "%s of them, from the parent process",
		    units_bytes(size, m->limits[RKN_LIMIT_INHERITED_BYTES]));
	if (m->meta.flags & RKN_META_SNAPSHOT)
		row("pointers", "%zu in blocks, %zu in roots", m->edge_count,
		    m->root_count);
	if (m->live_thread_count)
		row("frames", "%zu, of %zu stopped threads",
		    m->live_frame_count, m->live_thread_count);
	row_bytes("refknot's memory", m->meta.own_bytes);
	row_bytes("file", m->size);
}

static void visit(const struct reading *in, void *data)
{
	const struct model *m = in->m;
	struct showing *show = data;
	char blocks[UNITS_SIZE], size[UNITS_SIZE];
	struct verdict_gap gaps[VERDICT_GAPS];
	const char *message;

	if (show->format == FORMAT_JSON) {
		struct unread u;

		unread_frames(&u, in);
		documents_add(&show->documents, document_new(in, NULL));
		return;
	}
	print_process(m);
	row_calls("allocations", m->meta.allocations, m->meta.allocated_bytes);
	row_calls("frees", m->meta.frees, m->meta.freed_bytes);
	if (m->blocks_cut && !m->block_count)
		row("alive", "not known");
	else
		row("alive", "%s%s, %s", m->blocks_cut ? "at least " : "",
		    units_count(blocks, m->block_count, "block"),
		    units_bytes(size, verdict_live_bytes(m)));
	print_peak(m);
	if (m->meta.flags & RKN_META_FOREIGN_MALLOC)
		row("allocator", "not glibc's");
	print_tables(in);
	print_types(in);
	print_counted(in);
	print_cost(m);
	message = model_text(m, m->meta.message);
	if (verdict_gaps(gaps, m, NULL))
		verdict_print_gaps(stdout, NULL, m, NULL);
	else
		row("not seen", "nothing is missing");
	if (*message)
		row_text("message", message);
}

static int run(const char **arguments)
{
	struct showing s = showing_begin(arguments, "info");

	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = { OPTIONS_FORMAT, OPTIONS_SYMBOLS,
					     POPT_TABLEEND };

const struct command cmd_info = {
	.name = "info",
	.group = COMMAND_CARE,
	.arguments = "[REC]",
	.help = "show what was recorded, what was not and why",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
