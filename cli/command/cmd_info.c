/* SPDX-License-Identifier: MIT */
/* refknot info: what was recorded, what was not and why, and at what cost. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "options.h"
#include "recordings.h"
#include "units.h"
#include "unread.h"
#include "verdict.h"

struct telling {
	enum format format;
	struct documents documents;
};

static void __attribute__((format(printf, 2, 3)))
row(const char *label, const char *format, ...)
{
	va_list ap;

	printf("%-16s ", label);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

static void row_text(const char *label, const char *text)
{
	char *shown = escape(text);

	row(label, "%s", shown);
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

static void print_times(const struct rkn_meta *meta)
{
	char text[UNITS_SIZE], start[64];
	time_t seconds = (time_t)(meta->start_ns / 1000000000u);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) &&
	    strftime(start, sizeof(start), "%Y-%m-%d %H:%M:%S UTC", &tm))
		row("started", "%s", start);
	row("duration", "%s",
	    meta->end == RKN_END_UNKNOWN ? "not known"
					 : units_time(text, meta->duration_ns));
}

static void print_process(const struct model *m)
{
	const struct rkn_meta *meta = &m->meta;
	struct model_arguments a = { 0 };
	const char *text;

	row_text("recording", m->path);
	row_text("program", model_text(m, meta->program));
	printf("%-16s", "arguments");
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
	print_times(meta);
}

/* How many records of a table whose first stands for "not known". */
static size_t known(size_t count)
{
	return count ? count - 1 : 0;
}

static void print_verified(const struct model *m)
{
	uint64_t n = m->limits[RKN_LIMIT_STACK_VERIFIED];
	char text[UNITS_SIZE];

	if (n)
		row("verified",
		    "%s with libunwind: %" PRIu64 " differ, %" PRIu64
		    " it did not follow to the end",
		    units_count(text, n, "walk"),
		    m->limits[RKN_LIMIT_STACK_DIFFERS],
		    m->limits[RKN_LIMIT_STACK_UNVERIFIED]);
}

static void print_tables(const struct model *m, struct symbols *s)
{
	struct unread u;
	char text[UNITS_SIZE];

	row("call stacks", "%s of %zu frames",
	    units_count(text, known(m->stack_count), "stack"),
	    known(m->frame_count));
	print_verified(m);
	row("threads", "%s",
	    units_count(text, known(m->thread_count), "thread"));
	row("modules", "%s", units_count(text, m->module_count, "module"));
	unread_frames(&u, m, s);
	if (u.modules) {
		char *modules = unread_modules(u.modules, u.path, u.why);

		row("no symbols for", "%s", modules);
		row("", "%zu of %zu frames are known by offset only",
		    u.affected, known(m->frame_count));
		free(modules);
	}
}

static const char *taken(uint32_t flags)
{
	if (flags & RKN_META_AT_SIGNAL)
		return "in a handler of the signal that ended the process";
	if (flags & RKN_META_AT_CALL)
		return "when the program asked for it";
	return "at exit";
}

static void print_cost(const struct model *m)
{
	char time[UNITS_SIZE], stop[UNITS_SIZE], size[UNITS_SIZE];
	struct stat st;

	if (m->meta.flags & RKN_META_SNAPSHOT)
		row("snapshot",
		    "%s; took %s, of it %s to stop threads; searched %s of roots",
		    taken(m->meta.flags), units_time(time, m->meta.snapshot_ns),
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
	row_bytes("refknot's memory", m->meta.own_bytes);
	if (!stat(m->path, &st))
		row_bytes("file", (uint64_t)st.st_size);
}

static void visit(const struct model *m, struct symbols *s, void *data)
{
	struct telling *t = data;
	char blocks[UNITS_SIZE], size[UNITS_SIZE];
	struct verdict_gap gaps[VERDICT_GAPS];
	const char *message;

	if (t->format == FORMAT_JSON) {
		struct unread u;

		unread_frames(&u, m, s);
		documents_add(&t->documents, document_new(m, s, NULL));
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
	row_bytes("peak", m->meta.peak_bytes);
	if (m->meta.flags & RKN_META_FOREIGN_MALLOC)
		row("allocator", "not glibc's");
	print_tables(m, s);
	print_cost(m);
	message = model_text(m, m->meta.message);
	if (verdict_gaps(gaps, m, NULL))
		verdict_print_gaps(stdout, "not recorded", m, NULL);
	else
		row("not recorded", "nothing is missing");
	if (*message)
		row_text("message", message);
}

static int run(const char **arguments)
{
	struct telling t = { .format = options_format() };
	int status;

	if (recordings_count(arguments) > 1)
		die(STATUS_INPUT, "info: give one recording");
	documents_init(&t.documents, 1);
	status = recordings_each(arguments, visit, &t);
	documents_write(&t.documents, stdout);
	return status;
}

static const struct poptOption options[] = { OPTIONS_FORMAT, POPT_TABLEEND };

const struct command cmd_info = {
	.name = "info",
	.arguments = "[REC]",
	.help = "show what was recorded, what was not and why",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
};
