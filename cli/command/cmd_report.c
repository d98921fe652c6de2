/* SPDX-License-Identifier: MIT */
/* refknot report: the verdict and all findings. */
#include "cmd_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "brief.h"
#include "command.h"
#include "document.h"
#include "escape.h"
#include "options.h"
#include "paint.h"
#include "recordings.h"
#include "report.h"

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

static int possible;

int cmd_report_kinds(const char **paths, unsigned kinds, unsigned listed)
{
	struct reporting r = { .options.kinds = kinds,
			       .options.listed = listed,
			       .options.colour = paint_wanted(stdout),
			       .format = options_format(),
			       .asked = recordings_count(paths) };
	int status;

	r.options.limit = options_limit(
	    r.format == FORMAT_JSON || brief_wanted ? 0 : REPORT_LIMIT);
	documents_init(&r.documents, r.asked);
	status = recordings_each(paths, visit, &r);
	documents_write(&r.documents, stdout);
	return status;
}

static int run(const char **arguments)
{
	bool listed = options_format() == FORMAT_JSON;

	return cmd_report_kinds(arguments,
				possible ? REPORT_ALL_KINDS : REPORT_FINDINGS,
				listed ? 1u << FINDING_POSSIBLE : 0);
}

static const struct poptOption options[] = {
	{ "possible", 'p', POPT_ARG_NONE, &possible, 0,
	  "take possible leaks for findings, too: blocks held by a pointer into their middle only",
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
