/* SPDX-License-Identifier: MIT */
/* refknot run: start a program with the shim in it, and report at its end. */
#include <string.h>

#include "command.h"
#include "die.h"
#include "launch.h"
#include "options.h"
#include "progress.h"
#include "recorder.h"
#include "recording_path.h"
#include "report.h"
#include "run_end.h"

static int quiet, no_children, no_snapshot, contents;
static char *output, *depth, *verify;

static const struct poptOption options[] = {
	{ "quiet", 'q', POPT_ARG_NONE, &quiet, 0, "print no report at the end",
	  NULL },
	{ "output", 'o', POPT_ARG_STRING, &output, 0,
	  "write the recordings, that of the program and those of its children, to FILE",
	  "FILE" },
	{ "no-children", 0, POPT_ARG_NONE, &no_children, 0,
	  "record only the program, not what it starts", NULL },
	{ "depth", 0, POPT_ARG_STRING, &depth, 0,
	  "keep the innermost N frames of a call stack: 1 to 1024, 128 without this option",
	  "N" },
	{ "no-snapshot", 0, POPT_ARG_NONE, &no_snapshot, 0,
	  "take no snapshot at exit: no leak and cycle check", NULL },
	{ "contents", 0, POPT_ARG_NONE, &contents, 0,
	  "note by a hash which blocks hold the same, and which are half empty",
	  NULL },
	{ "verify", 0, POPT_ARG_STRING, &verify, 0,
	  "compare every Nth call stack of a thread with libunwind's; slow",
	  "N" },
	OPTIONS_STACKS, /* --full: a line for each child, too */
	OPTIONS_BRIEF,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

/* Whether --name takes the value of a setting; others are switches. */
static bool takes_number(const char *name)
{
	for (const struct poptOption *o = options; o->longName || o->arg; o++)
		if (o->longName && !strcmp(o->longName, name))
			return o->argInfo == POPT_ARG_STRING;
	return false;
}

static bool finish(const struct live *l, pid_t pid, int status, void *data)
{
	struct run_end f = {
		.output = output,
		.pid = pid,
		.status = status,
		.ended_ns = run_end_now(),
		.quiet = quiet,
		.full = report_full,
		.alone = no_children,
	};
	bool finished;

	(void)data;
	progress_is_off = quiet;
	if (!quiet)
		f.cache = cache_open();
	finished = run_end_finish(&f, l);
	cache_close(f.cache);
	return finished;
}

static int run(const char **arguments)
{
	const struct recorder r = { .output = output,
				    .keeps = true,
				    .ended = finish };
	int status;
	const char *refusal;

	if (!arguments || !arguments[0] || !*arguments[0])
		die(STATUS_INPUT,
		    "run: name the program to record, such as: refknot run ls -l");
	/* What could only fail when the program has run. */
	refusal = output ? recording_path_refusal(output) : NULL;
	if (refusal)
		die(STATUS_INPUT, "--output %s %s", output, refusal);
	if (depth)
		recorder_set("REFKNOT_DEPTH", depth);
	if (verify)
		recorder_set("REFKNOT_VERIFY", verify);
	if (no_children)
		recorder_set("REFKNOT_CHILDREN", "0");
	if (no_snapshot)
		recorder_set("REFKNOT_SNAPSHOT", "0");
	if (contents)
		recorder_set("REFKNOT_CONTENTS", "1");
	recorder_check_settings(takes_number);
	switch (recorder_run(&r, arguments, &status)) {
	case RECORDER_DONE:
	case RECORDER_UNPLACED:
	case RECORDER_KILLED:
		return launch_exit_status(status);
	default:
		return STATUS_NO_RUN;
	}
}

const struct command cmd_run = {
	.name = "run",
	.group = COMMAND_RECORD,
	.arguments = "[--] PROG [ARGS]",
	.help = "record a program, and report when it ends",
	.options = options,
	.run = run,
	.program = true,
};
