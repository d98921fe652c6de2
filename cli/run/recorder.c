/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "finisher.h"
#include "killed.h"
#include "launch.h"
#include "preflight.h"
#include "progress.h"
#include "recording_path.h"
#include "seccomp.h"
#include "settings.h"
#include "shim_path.h"
#include "status.h"

#define ASAN_ORDER      "verify_asan_link_order=0"
#define FILTERS         "REFKNOT_FILTERS"
#define NO_FILTERS      "0000000000000000"
#define VALUE_SHOWN     40             /* bytes: enough to recognize it */
#define LEAST_ROOM      (4ull << 20)   /* bytes, for a store to begin with */
#define LEAST_FILE      (64ull << 20)  /* that it may have, holes and all */
#define LEAST_ADDRESSES (256ull << 20) /* the store needs a part of them */
#define LEAST_DATA      (4ull << 20) /* of a program, beside 2.4 MiB of the shim */

void recorder_check_settings(bool (*option)(const char *name))
{
	struct settings s;
	const char *bad = settings_read(&s, environ), *value;

	if (!bad)
		return;
	value = getenv(bad);
	if (strlen(value) > VALUE_SHOWN)
		value = xasprintf("%.*s...", VALUE_SHOWN, value);
#define SETTING_TEXT(name, variable, help)
#define SETTING_NUMBER(name, variable, preset, least, most, help)              \
	if (!strcmp(bad, variable))                                            \
		die(STATUS_INPUT, "%s is \"%s\"; give a number from %d to %d", \
		    option &&option(#name) ? "--" #name " (" variable ")"      \
					   : variable,                         \
		    value, least, most);
#include "settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
}

void recorder_set(const char *name, const char *value)
{
	unsetenv(name);
	setenv(name, value, 1);
}

/* Those of another refknot, under which this one runs, do not count here. */
static void set_patterns(const char *name, const char *patterns)
{
	if (patterns)
		recorder_set(name, patterns);
	else
		unsetenv(name);
}

/* The program inherits this environment; nothing else here reads it. */
static void set_environment(const struct recorder *r, const char *shim,
			    const char *directory)
{
	const char *user = getenv("LD_PRELOAD"), *asan = getenv("ASAN_OPTIONS");
	const char *filters = getenv(FILTERS);
	struct stat st = { 0 };
	char *text;

	text = user && *user ? xasprintf("%s:%s", shim, user) : xstrdup(shim);
	recorder_set("LD_PRELOAD", text);
	free(text);
	recorder_set("REFKNOT_OUT", directory);
	set_patterns("REFKNOT_PROGRAMS", r->programs);
	set_patterns("REFKNOT_SKIP_PROGRAMS", r->skip_programs);
	/* The shim writes only to this file, whatever else descriptor 2 is by
	 * then in a program that is executed. One that is closed gets nothing. */
	if (fstat(STDERR_FILENO, &st))
		st = (struct stat){ 0 };
	text = xasprintf("%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	recorder_set("REFKNOT_STDERR", text);
	free(text);
	/* What filters forbid: the shim writes into it what its program adds,
	 * and another refknot's may have done so already. */
	text = xasprintf("%016llx",
			 seccomp_kills() |
			     (filters ? strtoull(filters, NULL, 16) : 0));
	recorder_set(FILTERS, text);
	free(text);
	/* GLib before 2.76 hands out its own slices, which hide their blocks. */
	setenv("G_SLICE", "always-malloc", 0);
	/* A child with AddressSanitizer refuses to begin where another library
	 * comes before its own; the user's own word on that comes later and
	 * counts. */
	text = asan && *asan ? xasprintf(ASAN_ORDER ":%s", asan)
			     : xstrdup(ASAN_ORDER);
	recorder_set("ASAN_OPTIONS", text);
	free(text);
}

static int start(const struct preflight *p, const char **arguments,
		 const struct launch_meanwhile *m, pid_t *pid, int *status)
{
	int error = launch(p->program, arguments, m, pid, status);

	if (error)
		warn("%s could not be started: %s", p->program,
		     strerror(-error));
	return error;
}

static bool is_limited(int resource, rlim_t below)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) == 0 && limit.rlim_cur < below;
}

/* Why a store of the least size cannot be in the directory, or be mapped: a
 * sentence; NULL: it could. The caller frees it. */
static char *lack_of_room(const struct live *l)
{
	if (is_limited(RLIMIT_FSIZE, LEAST_FILE))
		return xstrdup(
		    "a live store is a file of at least 64 MiB, and files are limited to less; raise that limit (ulimit -f)");
	if (is_limited(RLIMIT_AS, RLIM_INFINITY))
		return xstrdup(
		    "addresses are limited, which leaves too few for a live store; raise that limit (ulimit -v)");
	if (live_room(l) < LEAST_ROOM)
		return xasprintf("no room for a live store in %s",
				 l->directory);
	return NULL;
}

/* What is to be done while the program runs. */
struct meanwhile {
	const struct recorder *r;
	struct live *l;
};

static void do_meanwhile(int ended, pid_t pid, void *data)
{
	const struct meanwhile *m = data;
	bool off = progress_is_off; /* the terminal is the program's */

	m->l->pid = (uint32_t)pid;
	progress_is_off = true;
	if (ended >= 0)
		finisher_run(m->l, ended);
	progress_is_off = off;
}

static enum recorder_outcome run_recorded(const struct recorder *r,
					  const struct preflight *p,
					  const char **arguments,
					  struct live *l, int *status)
{
	struct meanwhile m = { r, l };
	const struct launch_meanwhile meanwhile = { do_meanwhile, &m };
	char *lack;
	pid_t pid;

	if (start(p, arguments, &meanwhile, &pid, status))
		return RECORDER_FAILED;
	signal(SIGPIPE, SIG_IGN); /* goes on if no reader is left */
	if (r->ended(l, pid, *status, r->data))
		return RECORDER_DONE;
	if (!live_is_there(l)) {
		warn(
		    "nothing was recorded: %s, the directory of its live store, was removed or replaced",
		    l->directory);
		return RECORDER_UNPLACED;
	}
	lack = lack_of_room(l);
	if (lack) {
		warn("nothing was recorded: %s", lack);
		free(lack);
		return RECORDER_UNPLACED;
	}
	if (strcmp(getenv(FILTERS), NO_FILTERS) != 0) {
		warn(
		    "nothing was recorded: a seccomp filter installed before refknot started kills processes for system calls that begin a recording");
		return RECORDER_UNLOADED;
	}
	if (WIFSIGNALED(*status) &&
	    (WTERMSIG(*status) == SIGKILL || killed_asks(WTERMSIG(*status)))) {
		warn(
		    "nothing was recorded: %s was killed by %s before refknot's shim had begun in it",
		    p->program, killed_signal(WTERMSIG(*status)));
		return RECORDER_KILLED;
	}
	warn(
	    "refknot's shim did not load into %s, so nothing was recorded; `refknot doctor %s` says what is known about it",
	    p->program, p->program);
	return RECORDER_UNLOADED;
}

/* A place for live stores; says what is wrong, and false when there is none. */
static bool open_live(struct live *l, const struct recorder *r)
{
	char *directory;
	int unwritable, error;

	if (is_limited(RLIMIT_DATA, LEAST_DATA) &&
	    !is_limited(RLIMIT_DATA, 1)) {
		warn(
		    "the program runs unrecorded: data are limited to less than 4 MiB, which may not be enough for it and refknot's shim; raise that limit (ulimit -d)");
		return false;
	}
	if (is_limited(RLIMIT_AS, LEAST_ADDRESSES)) {
		warn(
		    "the program runs unrecorded: addresses are limited to less than 256 MiB, too few for a live store; raise that limit (ulimit -v)");
		return false;
	}
	directory = recording_path_directory(r->output);
	unwritable = r->keeps ? recording_path_check(directory) : 0;
	if (unwritable)
		warn(
		    "no recording can be written in %s: %s; the program runs all the same",
		    directory, recording_path_reason(unwritable));
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

static enum recorder_outcome record(const struct recorder *r,
				    const struct preflight *p,
				    const char **arguments, int *status)
{
	const char *told = getenv("REFKNOT_SHIM");
	char *link, *shim = shim_path();
	enum recorder_outcome outcome;
	struct live live;
	pid_t pid;
	int error;

	if (!shim && told && *told)
		die(STATUS_NO_RUN,
		    "%s, which REFKNOT_SHIM names, was not found (%s); set it to the path of librefknot_preload.so, or unset it",
		    told, strerror(errno));
	if (!shim)
		die(STATUS_NO_RUN,
		    "librefknot_preload.so was not found; install refknot again, or set REFKNOT_SHIM to its path");
	link = shim_path_link(shim, &error);
	if (error)
		die(STATUS_NO_RUN,
		    "%s has a space or colon in its path, and no link to it could be made: %s",
		    shim, strerror(error));
	if (!open_live(&live, r)) {
		outcome = start(p, arguments, NULL, &pid, status)
			      ? RECORDER_FAILED
			      : RECORDER_UNPLACED;
		shim_path_unlink(link);
	} else {
		char *beside = recording_path_directory(r->output);

		set_environment(r, link ? link : shim, live.directory);
		outcome = run_recorded(r, p, arguments, &live, status);
		/* Now the program cannot see that directories are read. */
		live_sweep(&live, beside);
		free(beside);
		/* A process that is still running may execute something. */
		if (live_close(&live))
			shim_path_unlink(link);
		else
			free(link);
	}
	free(shim);
	return outcome;
}

enum recorder_outcome recorder_run(const struct recorder *r,
				   const char **arguments, int *status)
{
	enum recorder_outcome outcome = RECORDER_REFUSED;
	struct preflight p;

	preflight_check(&p, arguments[0]);
	if (p.verdict != PREFLIGHT_OK)
		warn("%s", p.message);
	else
		outcome = record(r, &p, arguments, status);
	preflight_release(&p);
	return outcome;
}
