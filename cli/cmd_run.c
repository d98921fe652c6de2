/* SPDX-License-Identifier: MIT */
/* refknot run: start a program with the shim in it, and report at its end. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "finish.h"
#include "launch.h"
#include "live.h"
#include "options.h"
#include "output.h"
#include "preflight.h"
#include "settings.h"
#include "shim_path.h"

#define LEAST_ROOM (4ull << 20) /* bytes, for a store to begin with */

static int quiet, no_children, no_snapshot;
static char *output, *depth, *verify;

static const struct poptOption options[] = {
	{ "quiet", 'q', POPT_ARG_NONE, &quiet, 0, "print no report at the end",
	  NULL },
	{ "output", 'o', POPT_ARG_STRING, &output, 0,
	  "write the recording to FILE, those of children to FILE with .PID before its suffix",
	  "FILE" },
	{ "no-children", 0, POPT_ARG_NONE, &no_children, 0,
	  "record the program alone, not what it starts", NULL },
	{ "depth", 0, POPT_ARG_STRING, &depth, 0,
	  "keep the innermost N frames of a call stack: 1 to 1024, 128 without this option",
	  "N" },
	{ "no-snapshot", 0, POPT_ARG_NONE, &no_snapshot, 0,
	  "take no snapshot at exit: no leak and cycle check", NULL },
	{ "verify", 0, POPT_ARG_STRING, &verify, 0,
	  "compare every Nth call stack of a thread with libunwind's; slow",
	  "N" },
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

static void check_settings(void)
{
	struct settings s;
	const char *bad = settings_read(&s, environ);

	if (!bad)
		return;
#define SETTING_TEXT(name, variable, help)
#define SETTING_NUMBER(name, variable, preset, least, most, help)              \
	if (!strcmp(bad, variable))                                            \
		die(STATUS_INPUT, "%s is \"%s\"; give a number from %d to %d", \
		    takes_number(#name) ? "--" #name " (" variable ")"         \
					: variable,                            \
		    getenv(variable), least, most);
#include "settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
}

/* The program inherits this environment; nothing else here reads it. */
static void set_environment(const char *shim, const char *directory)
{
	const char *user = getenv("LD_PRELOAD");
	char *preload;

	preload =
	    user && *user ? xasprintf("%s:%s", shim, user) : xstrdup(shim);
	setenv("LD_PRELOAD", preload, 1);
	free(preload);
	setenv("REFKNOT_OUT", directory, 1);
	/* GLib before 2.76 hands out its own slices, which hide their blocks. */
	setenv("G_SLICE", "always-malloc", 0);
}

static void set_options(void)
{
	if (depth)
		setenv("REFKNOT_DEPTH", depth, 1);
	if (verify)
		setenv("REFKNOT_VERIFY", verify, 1);
	if (no_children)
		setenv("REFKNOT_CHILDREN", "0", 1);
	if (no_snapshot)
		setenv("REFKNOT_SNAPSHOT", "0", 1);
	check_settings();
}

static int start(const struct preflight *p, const char **arguments, pid_t *pid,
		 int *status)
{
	int error = launch(p->program, arguments, pid, status);

	if (error)
		warn("%s could not be started: %s", p->program,
		     strerror(-error));
	return error;
}

static int run_unrecorded(const struct preflight *p, const char **arguments)
{
	int status;
	pid_t pid;

	if (start(p, arguments, &pid, &status))
		return STATUS_NO_RUN;
	return launch_exit_status(status);
}

/* Whether a store of some size can be in the directory. */
static bool has_room(const struct live *l)
{
	struct rlimit limit;

	return live_room(l) >= LEAST_ROOM && (getrlimit(RLIMIT_FSIZE, &limit) ||
					      limit.rlim_cur == RLIM_INFINITY);
}

static int run_recorded(const struct preflight *p, const char **arguments,
			const struct live *l)
{
	struct finish f = { .output = output, .quiet = quiet };
	bool finished;

	if (start(p, arguments, &f.pid, &f.status))
		return STATUS_NO_RUN;
	/* Who reads the report may be gone, and files be limited: go on. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (options_symbol_cache() && !quiet)
		f.cache = cache_open();
	finished = finish_run(&f, l);
	cache_close(f.cache);
	if (finished)
		return launch_exit_status(f.status);
	if (!has_room(l)) {
		warn(
		    "nothing was recorded: no room for a store in %s, or files are limited (ulimit -f)",
		    l->directory);
		return launch_exit_status(f.status);
	}
	warn(
	    "refknot's shim did not load into %s, so nothing was recorded; `refknot doctor %s` tells what is known of it",
	    p->program, p->program);
	return STATUS_NO_RUN;
}

/* A place for live stores; says what is wrong, and false when there is none. */
static bool open_live(struct live *l)
{
	char *directory = output_directory(output);
	int unwritable = output_check(directory), error;

	if (unwritable)
		warn(
		    "no recording can be written in %s: %s; the program runs all the same",
		    directory, strerror(-unwritable));
	error = live_open(l, directory);
	if (!error && live_room(l) < LEAST_ROOM) {
		live_close(l);
		error = -ENOSPC;
	}
	if (error)
		warn(
		    "the program runs unrecorded: no place for its live store in /dev/shm, %s or a temporary directory (%s)",
		    directory, strerror(-error));
	free(directory);
	return !error;
}

/* The shim as LD_PRELOAD takes it; *link is for shim_path_unlink. */
static char *find_shim(char **link)
{
	const char *told = getenv("REFKNOT_SHIM");
	char *shim = shim_path();
	int error;

	if (!shim && told && *told)
		die(STATUS_NO_RUN,
		    "%s, which REFKNOT_SHIM names, was not found (%s); set it to the path of librefknot_preload.so, or unset it",
		    told, strerror(errno));
	if (!shim)
		die(STATUS_NO_RUN,
		    "librefknot_preload.so was not found; install refknot again, or set REFKNOT_SHIM to its path");
	*link = shim_path_link(shim, &error);
	if (error)
		die(STATUS_NO_RUN,
		    "%s has a space or colon in its path, and no link to it could be made: %s",
		    shim, strerror(error));
	return shim;
}

static int record(const struct preflight *p, const char **arguments)
{
	char *link, *shim = find_shim(&link);
	struct live live;
	int status;

	if (!open_live(&live)) {
		status = run_unrecorded(p, arguments);
		shim_path_unlink(link);
	} else {
		set_environment(link ? link : shim, live.directory);
		status = run_recorded(p, arguments, &live);
		/* Who is still running may yet execute something. */
		if (live_close(&live))
			shim_path_unlink(link);
		else
			free(link);
	}
	free(shim);
	return status;
}

/* What could only fail when the program has run. */
static void check_output(void)
{
	struct stat st;

	if (output && !*output)
		die(STATUS_INPUT, "--output is empty; name a file");
	if (output && (output[strlen(output) - 1] == '/' ||
		       (!stat(output, &st) && S_ISDIR(st.st_mode))))
		die(STATUS_INPUT,
		    "--output %s is a directory; name a file in it", output);
}

static int run(const char **arguments)
{
	struct preflight p;
	int status;

	if (!arguments || !arguments[0] || !*arguments[0])
		die(STATUS_INPUT,
		    "run: name the program to record, such as: refknot run ls -l");
	check_output();
	set_options();
	preflight_check(&p, arguments[0]);
	if (p.verdict != PREFLIGHT_OK) {
		warn("%s", p.message);
		status = STATUS_NO_RUN;
	} else {
		status = record(&p, arguments);
	}
	preflight_release(&p);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.arguments = "[--] PROG [ARGS]",
	.help = "record a program, and report at its end",
	.options = options,
	.run = run,
	.program = true,
};
