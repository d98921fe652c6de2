/* SPDX-License-Identifier: MIT */
/* refknot report: the verdict and all findings. */
#include "cmd_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "brief.h"
#include "cache.h"
#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "losses.h"
#include "options.h"
#include "paint.h"
#include "parts.h"
#include "recorded.h"
#include "recordings.h"
#include "report.h"
#include "shell_word.h"
#include "siblings.h"
#include "text_stream.h"
#include "units.h"

struct reporting {
	struct report_options options;
	enum format format;
	struct documents documents; /* for FORMAT_JSON */
	size_t asked;               /* recordings */
	size_t done;
};

static void visit(const struct reading *in, void *data)
{
	struct reporting *r = data;

	if (r->format == FORMAT_JSON) {
		documents_add(&r->documents, report_json(in, &r->options));
		return;
	}
	if (r->asked > 1) {
		char *path = escape(in->m->path);

		printf("%s%s:\n", r->done++ ? "\n" : "", path);
		free(path);
	}
	report_text(stdout, in, &r->options);
}

static int possible, all;

/* Visits the recordings, and writes the documents. */
static int visit_all(struct reporting *r, const char **paths)
{
	int status = recordings_each(paths, visit, r);

	documents_write(&r->documents, stdout);
	return status;
}

static struct reporting reporting(const char **paths, unsigned kinds,
				  unsigned listed)
{
	struct reporting r = { .options.kinds = kinds,
			       .options.listed = listed,
			       .options.colour = paint_wanted(stdout),
			       .format = options_format(),
			       .asked = recordings_count(paths) };

	r.options.limit = options_limit(
	    r.format == FORMAT_JSON || (brief_wanted && !all) ? 0
							      : REPORT_LIMIT);
	documents_init(&r.documents, r.asked);
	return r;
}

int cmd_report_kinds(const char **paths, unsigned kinds, unsigned listed)
{
	struct reporting r = reporting(paths, kinds, listed);

	return visit_all(&r, paths);
}

/* --- All processes of a run ------------------------------------------------- */

static json_t *summary_json(const struct losses_sums *s)
{
	json_t *o = json_object();

	document_count(o, "processes", s->processes);
	document_count(o, "with_findings", s->finders);
	document_count(o, "clean", s->clean);
	document_count(o, "lost_only_mappings", s->mappers);
	document_count(o, "unchecked", s->unchecked);
	document_count(o, "signalled", s->killed);
	document_count(o, "findings", s->findings);
	document_count(o, "lost_bytes", s->lost_bytes);
	document_count(o, "lost_mapped_bytes", s->lost_mapped);
	return o;
}

/* "and 3 more processes with 7 findings, 2.0 KiB lost; all: refknot ..." */
static void print_rest(const struct recorded_run *run, size_t shown,
		       const char *of)
{
	char text[UNITS_SIZE], bytes[UNITS_SIZE];
	char *path = of ? shell_word(of) : NULL;
	struct losses_sums rest = { 0 };

	for (size_t i = shown; i < run->count; i++)
		losses_add(&rest, &run->list[i].meta);
	if (rest.finders)
		printf("\nand %" PRIu64 " more process%s with %s, %s lost; "
		       "all: refknot report --all -n 0%s%s\n",
		       rest.finders, rest.finders == 1 ? "" : "es",
		       units_count(text, rest.findings, "finding"),
		       units_bytes(bytes, rest.lost_bytes), path ? " " : "",
		       path ? path : "");
	free(path);
}

/* "5.0 MiB of mappings lost: refknot leaks r.rkn:4711", of those without a report. */
static void print_mappings(const struct recorded_run *run, size_t shown,
			   size_t most)
{
	char text[UNITS_SIZE];

	for (size_t i = shown; i < run->count && most; i++) {
		const struct recorded *one = &run->list[i];
		char *path;

		if (!one->meta.run_lost_mapped)
			continue;
		path = shell_word(one->path);
		printf("\n" LOSSES_MAPPED ": refknot leaks %s\n",
		       units_bytes(text, one->meta.run_lost_mapped), path);
		free(path);
		most--;
	}
}

/* Reports the processes with findings, the worst first. */
static int report_run(struct reporting *r, const char *of)
{
	struct cache *c = cache_open();
	struct losses_sums sums = { 0 };
	struct recorded_run run;
	const char **paths;
	size_t count = 0, most;
	int status = STATUS_OK;

	recorded_run(&run, of, true, c);
	cache_close(c);
	if (!run.count)
		recordings_none();
	paths = xcalloc(run.count + 1, sizeof(*paths));
	for (size_t i = 0; i < run.count; i++) {
		if (!run.list[i].replaced)
			losses_add(&sums, &run.list[i].meta);
		if (run.list[i].unread)
			status = STATUS_INPUT;
	}
	most = r->options.limit ? r->options.limit : run.count;
	/* They are sorted: those without findings are last. */
	while (count < run.count && count < most &&
	       losses_findings(&run.list[count].meta)) {
		paths[count] = run.list[count].path;
		count++;
	}
	if (r->format == FORMAT_JSON) {
		r->documents.summary = summary_json(&sums);
	} else {
		char *text = losses_sums_text(&sums);

		printf("refknot: %s\n", text);
		free(text);
		r->asked = 2; /* each has a heading */
		r->done = 1;
	}
	if (count && recordings_each(paths, visit, r))
		status = STATUS_INPUT;
	documents_write(&r->documents, stdout);
	if (r->format != FORMAT_JSON) {
		print_rest(&run, count, of);
		print_mappings(&run, count, most);
	}
	free(paths);
	recorded_release(&run);
	return status;
}

/* "r.rkn has 3 more processes, 2 of them with findings: refknot report --all r.rkn";
 * nothing where none has. */
static void tell_others(const char *file)
{
	struct losses_sums sums = { 0 };
	char *shown, *what, text[UNITS_SIZE];
	struct parts parts;
	size_t size;
	FILE *out;
	bool known = true;

	if (parts_read(&parts, file))
		return;
	if (parts.list[0].meta.flags & RKN_META_RUN_OPEN) {
		shown = escape(file);
		warn(
		    "%s does not have all recordings of its run: refknot is still writing it, or was ended before",
		    shown);
		free(shown);
	}
	for (size_t i = 1; i < parts.count; i++) {
		losses_add(&sums, &parts.list[i].meta);
		known &= losses_are_known(&parts.list[i].meta);
	}
	parts_release(&parts);
	if (known && !sums.finders && !sums.lost_mapped)
		return;
	out = text_stream_open(&what, &size);
	if (sums.finders)
		fprintf(out, ", %" PRIu64 " of them with findings",
			sums.finders);
	if (sums.lost_mapped)
		fprintf(out, ", " LOSSES_MAPPED,
			units_bytes(text, sums.lost_mapped));
	if (!known && !sums.finders)
		fputs(", not judged yet", out);
	text_stream_close(out);
	siblings_print_more(file, sums.processes, what, "report --all");
	free(what);
}

static int run(const char **arguments)
{
	bool listed = options_format() == FORMAT_JSON;
	unsigned kinds = possible ? REPORT_ALL_KINDS : REPORT_FINDINGS;
	struct reporting r =
	    reporting(arguments, kinds, listed ? 1u << FINDING_POSSIBLE : 0);
	char *of;
	int status;

	if (!all) {
		status = visit_all(&r, arguments);
		if (r.asked == 1 && arguments && *arguments && !brief_wanted &&
		    r.format != FORMAT_JSON)
			tell_others(*arguments);
		return status;
	}
	if (r.asked > 1)
		die(STATUS_INPUT,
		    "report: --all takes one recording, whose run is meant");
	of = arguments && *arguments ? recordings_path(*arguments) : NULL;
	if (arguments && *arguments && !of)
		return STATUS_INPUT;
	status = report_run(&r, of);
	free(of);
	return status;
}

static const struct poptOption options[] = {
	{ "possible", 'p', POPT_ARG_NONE, &possible, 0,
	  "take possible leaks for findings, too: blocks held by a pointer into their middle only",
	  NULL },
	{ "all", 'a', POPT_ARG_NONE, &all, 0,
	  "report on all processes with findings of the recording's run, the worst first; --limit is of processes, too",
	  NULL },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_STACKS,
	OPTIONS_BRIEF,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_report = {
	.name = "report",
	.group = COMMAND_RECORD,
	.arguments = "[REC...]",
	.help = "list the findings of a recording",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
