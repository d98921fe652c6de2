/* SPDX-License-Identifier: MIT */
/* refknot steady: whether what is done again and again leaves more each
 * time. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "launch.h"
#include "list.h"
#include "options.h"
#include "reading.h"
#include "recorder.h"
#include "recordings.h"
#include "repeat_runs.h"
#include "report.h"
#include "steady.h"
#include "strangers.h"
#include "verdict.h"

#define STATUS_GROWS 23
#define MOST_RUNS    1000000

static int warmup = 3, runs = 3;
static const char **regions;
static size_t region_count;
static char *error_exitcode;

enum { REGION = 1 };

/* One run of the command, or a look at recordings. */
struct look {
	struct steady *steady;
	struct repeat_runs *amounts; /* NULL: its regions are looked at */
	struct cache *cache;
	struct model sum; /* of all, only their limits */
};

/* --- Recordings ------------------------------------------------------------------ */

static void visit(const struct reading *in, void *data)
{
	struct look *l = data;
	struct growth g;

	if (l->amounts) {
		repeat_runs_add(l->amounts, in);
	} else {
		growth_make(&g, in, &l->steady->options);
		steady_add(l->steady, &g);
	}
	/* Blocks lost at the end do not count here. */
	for (size_t i = 0; i < RKN_LIMITS; i++)
		if (i != RKN_LIMIT_NO_SNAPSHOT)
			l->sum.limits[i] += in->m->limits[i];
}

static void visit_store(const struct live_store *store, struct look *l)
{
	struct model m;
	struct reading in;
	int error = reading_load(&m, store->path);

	if (error && error != -ENODATA)
		return;
	reading_open(&in, &m, l->cache);
	/* What was alive before an exec is gone. */
	if (m.meta.allocations && !(l->amounts && store->replaced))
		visit(&in, l);
	reading_close(&in);
	model_release(&m);
	unlink(store->path);
}

/* --- A program --------------------------------------------------------------------- */

static bool ended(const struct live *live, pid_t pid, int status, void *data)
{
	size_t count;
	struct live_store *list;
	bool found = false;

	(void)status;
	strangers_wait(live);
	list = live_list(live, &count);
	strangers_tell(live, list, count, ", is not judged");
	for (size_t i = 0; i < count; i++) {
		found |= list[i].readable && list[i].pid == (uint32_t)pid;
		if (list[i].alive)
			warn(
			    "process %u is still running, and is not judged; its recording goes on in %s",
			    list[i].pid, list[i].path);
		else
			visit_store(&list[i], data);
	}
	live_list_release(list, count);
	return found;
}

/* Its exit status; STATUS_NO_RUN, with *recorded false, where it was not
 * recorded. */
static int record(const char **arguments, struct look *l, bool *recorded)
{
	const struct recorder r = { .ended = ended, .data = l };
	const char *set = getenv("LD_PRELOAD");
	char *preload = set ? xstrdup(set) : NULL;
	struct sigaction pipe;
	int status = 0;

	/* The recorder changes what the next run would inherit. */
	sigaction(SIGPIPE, NULL, &pipe);
	*recorded = recorder_run(&r, arguments, &status) == RECORDER_DONE;
	sigaction(SIGPIPE, &pipe, NULL);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	else
		unsetenv("LD_PRELOAD");
	free(preload);
	return *recorded ? launch_exit_status(status) : STATUS_NO_RUN;
}

/* Once for each amount of work, until one fails. */
static int run_amounts(const char **arguments, struct look *l, bool *recorded)
{
	const struct growth_options *o = &l->steady->options;
	struct repeat_runs amounts = { 0 };
	struct growth g;
	char *name = xstrdup(arguments[0]), *shown;
	int status = 0;

	for (size_t i = 1; arguments[i]; i++) {
		char *longer = xasprintf("%s %s", name, arguments[i]);

		free(name);
		name = longer;
	}
	shown = escape(name);
	l->amounts = &amounts;
	*recorded = true;
	for (uint64_t i = 1; i <= o->warmup + o->runs && !status && *recorded;
	     i++) {
		const char **with = repeat_runs_arguments(arguments, i);

		status = record(with, l, recorded);
		if (!status)
			repeat_runs_end_run(&amounts, o);
		else if (*recorded)
			warn("%s failed with exit status %d; no run follows",
			     shown, status);
		free(with);
	}
	repeat_runs_judge(&amounts, o, name, &g);
	steady_add(l->steady, &g);
	l->amounts = NULL;
	free(name);
	free(shown);
	return status;
}

/* --- The command ------------------------------------------------------------------ */

/* The exit status of the program, or 2, or 0. */
static int look(const char **arguments, struct look *l)
{
	bool recorded = true;
	int status;

	if (!options_program)
		return recordings_each(arguments, visit, l);
	if (arguments && *arguments)
		die(STATUS_INPUT,
		    "steady: give recordings, or a program after --, not both");
	recorder_check_settings(NULL);
	if (!repeat_runs_asked(options_program)) {
		status = record(options_program, l, &recorded);
	} else {
		if (regions)
			die(STATUS_INPUT,
			    "steady: --region and an argument with {} exclude each other: what is looked at is either what passes of a region leave in one run, or what runs leave of a command in which {} is replaced by 1, 2, 3 ...");
		l->steady->noun = "run";
		status = run_amounts(options_program, l, &recorded);
	}
	if (!recorded)
		quit(STATUS_NO_RUN);
	return status;
}

static int run(const char **arguments)
{
	struct steady s = { .noun = "pass",
			    .options = { .warmup = (uint64_t)warmup,
					 .runs = (uint64_t)runs,
					 .regions = regions,
					 .region_count = region_count } };
	enum format format = options_format();
	size_t limit = options_limit(format == FORMAT_JSON ? 0 : OPTIONS_ROWS);
	FILE *out = options_program ? stderr : stdout;
	struct look l = { .steady = &s };
	int error = error_exitcode ? options_error_status(error_exitcode)
				   : STATUS_GROWS;
	int status;
	struct documents documents;

	if (warmup < 0 || warmup > MOST_RUNS || runs < 1 || runs > MOST_RUNS)
		die(STATUS_INPUT,
		    "steady: --warmup takes a number from 0 to %d, --runs one from 1",
		    MOST_RUNS);
	l.cache = options_program ? cache_open() : NULL;
	status = look(arguments, &l);
	cache_close(l.cache);
	if (!status && !steady_is(&s))
		status = error;
	if (format == FORMAT_JSON) {
		documents_init(&documents, 1);
		documents_add(&documents, steady_json(&s, limit, status));
		documents_write(&documents, stdout);
	} else {
		steady_print(out, &s, limit);
		verdict_print_gaps(out, NULL, &l.sum, NULL);
		steady_print_verdict(out, &s, status);
	}
	steady_release(&s);
	return status;
}

static void take(poptContext context, enum poptCallbackReason reason,
		 const struct poptOption *o, const char *text, void *data)
{
	(void)context;
	(void)data;
	if (reason == POPT_CALLBACK_REASON_PRE) {
		while (region_count)
			free((void *)(uintptr_t)regions[--region_count]);
		return;
	}
	if (o->val != REGION || !text)
		return;
	*LIST_ADD(regions, region_count) = xstrdup(text);
}

static const struct poptOption options[] = {
	{ NULL, 0, POPT_ARG_CALLBACK | POPT_CBFLAG_PRE, (void *)take, 0, NULL,
	  NULL },
	{ "warmup", 'w', POPT_ARG_INT, &warmup, 0,
	  "passes at the beginning that do not count, 3 without this option",
	  "N" },
	{ "runs", 'r', POPT_ARG_INT, &runs, 0,
	  "fewest passes after them to judge by, 3 without this option", "N" },
	{ "region", 0, POPT_ARG_STRING, NULL, REGION,
	  "judge the region of this name; may be repeated; all without this option",
	  "NAME" },
	{ "error-exitcode", 0, POPT_ARG_STRING, &error_exitcode, 0,
	  "exit status when something grows or cannot be judged, 23 without this option",
	  "N" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_steady = {
	.name = "steady",
	.group = COMMAND_GATE,
	.arguments = "[REC...] | -- PROG [ARGS]",
	.help = "judge whether a region or command leaves more each time",
	.more =
	    "\nWhere an argument of PROG has {}, PROG is run six times (as often\n"
	    "as --warmup and --runs say together), with {} replaced by 1, 2, 3\n"
	    "and so on: how much it is to do. What is alive at its end must not\n"
	    "grow from run to run. Without {} it is run once, and must have\n"
	    "regions (refknot.h).\n"
	    "\n    refknot steady -- jq -n '[range({} * 100)] | length'\n" COMMAND_NEWEST,
	.options = options,
	.run = run,
	.after_dashes = true,
};
