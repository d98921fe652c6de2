/* SPDX-License-Identifier: MIT */
#include "debug_servers.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_name.h"
#include "die.h"
#include "escape.h"
#include "units.h"

#define LIBRARY  "libdebuginfod.so.1"
#define VARIABLE "DEBUGINFOD_URLS"
#define PATIENCE 30 /* seconds without a byte; else $DEBUGINFOD_TIMEOUT */

/* As <elfutils/debuginfod.h> has them, which a build then does not need. */
typedef int progress_function(void *client, long bytes, long of);
typedef int find_function(void *client, const unsigned char *build_id, int size,
			  char **path);

typedef void *begin_function(void);
typedef void set_function(void *client, progress_function *);

struct library {
	void *client; /* NULL: not there */
	set_function *set_progress;
	find_function *find[2]; /* by enum debug_servers_kind */
};

/* The one question that is being asked. */
static struct {
	const char *module; /* base name, escaped */
	long bytes;
	time_t since; /* the last byte came, of CLOCK_MONOTONIC */
	bool shown;   /* there is a line on the terminal */
	bool late;
} asked;

static volatile sig_atomic_t interrupted;
static char *trouble;

char *debug_servers_option;

const char *debug_servers_list(void)
{
	const char *list = debug_servers_option;

	if (!list)
		list = getenv(VARIABLE);
	return list ? list : "";
}

const char *debug_servers_trouble(void)
{
	return trouble;
}

static void give_up(char *why)
{
	free(trouble);
	trouble = why;
}

/* --- While it is asked ------------------------------------------------------- */

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static long patience(void)
{
	const char *text = getenv("DEBUGINFOD_TIMEOUT");
	long seconds = text ? strtol(text, NULL, 10) : 0;

	return seconds > 0 && seconds < 86400 ? seconds : PATIENCE;
}

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* libdebuginfod calls it about once a second; not 0: it stops. Before there is
 * an answer `of` is 0 and `bytes` counts calls. */
static int progress(void *client, long bytes, long of)
{
	char got[UNITS_SIZE], all[UNITS_SIZE];

	(void)client;
	if (of > 0 && bytes != asked.bytes) {
		asked.bytes = bytes;
		asked.since = now();
	}
	asked.late = now() - asked.since >= patience();
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr,
			"\r\033[Krefknot: debuginfod: %s: ", asked.module);
		if (of > 0)
			fprintf(stderr, "%s of %s",
				units_bytes(got, (uint64_t)bytes),
				units_bytes(all, (uint64_t)of));
		else
			fputs("waiting for an answer", stderr);
		fputs(" (^C ends this)", stderr);
		fflush(stderr);
		asked.shown = true;
	}
	return asked.late || interrupted;
}

/* --- Asking ------------------------------------------------------------------ */

static void open_library(struct library *l)
{
	static const char *const names[] = {
		[DEBUG_SERVERS_EXECUTABLE] = "debuginfod_find_executable",
		[DEBUG_SERVERS_DEBUG] = "debuginfod_find_debuginfo",
	};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	begin_function *begin;

	if (!library)
		return;
	begin = (begin_function *)dlsym(library, "debuginfod_begin");
	l->set_progress =
	    (set_function *)dlsym(library, "debuginfod_set_progressfn");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		void *found = dlsym(library, names[i]);

		memcpy(&l->find[i], &found, sizeof(found));
	}
	if (begin && l->find[0] && l->find[1] && l->set_progress)
		l->client = begin();
}

/* NULL, and trouble is told, if it cannot be used. It is never closed. */
static const struct library *get_library(void)
{
	static struct library l;
	static bool tried;

	if (!tried)
		open_library(&l);
	tried = true;
	if (l.client)
		return &l;
	give_up(xstrdup("no debuginfod server was asked, as " LIBRARY
			" cannot be loaded; install libdebuginfod1, or give "
			"--debuginfod ''"));
	return NULL;
}

/* The library takes its servers from the environment, which is restored: a
 * program may yet be run in it. */
static int ask(const struct library *l, enum debug_servers_kind kind,
	       const void *build_id, size_t size, char **path)
{
	const struct sigaction act = { .sa_handler = interrupt };
	const char *before = getenv(VARIABLE);
	char *saved = before ? xstrdup(before) : NULL;
	struct sigaction old;
	int fd;

	setenv(VARIABLE, debug_servers_list(), 1);
	sigaction(SIGINT, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &act, NULL);
	l->set_progress(l->client, progress);
	fd = l->find[kind](l->client, build_id, (int)size, path);
	sigaction(SIGINT, &old, NULL);
	if (saved)
		setenv(VARIABLE, saved, 1);
	else
		unsetenv(VARIABLE);
	free(saved);
	return fd;
}

/* A server that has no such file has answered. */
static void judge(int error)
{
	char *shown = escape(debug_servers_list());

	if (interrupted)
		give_up(xasprintf("debuginfod (%s) was interrupted and not "
				  "asked again; make the report once more to "
				  "ask it",
				  shown));
	else if (asked.late || error == -ETIME || error == -ETIMEDOUT)
		give_up(
		    xasprintf("debuginfod (%s) sent nothing for %ld s and was "
			      "not asked again; try later, set "
			      "DEBUGINFOD_TIMEOUT, or give --debuginfod ''",
			      shown, patience()));
	else if (error != -ENOENT)
		give_up(xasprintf("debuginfod (%s) cannot be asked (%s); "
				  "correct --debuginfod or DEBUGINFOD_URLS, or "
				  "give --debuginfod ''",
				  shown, strerror(-error)));
	free(shown);
}

int debug_servers_find(enum debug_servers_kind kind, const void *build_id,
		       size_t size, const char *module, char **path)
{
	const struct library *l;
	char *shown;
	int fd;

	*path = NULL;
	if (!*debug_servers_list() || !size || trouble)
		return -ENOENT;
	l = get_library();
	if (!l)
		return -ENOENT;
	shown = escape(base_name(module));
	asked.module = shown;
	asked.bytes = 0;
	asked.since = now();
	asked.shown = asked.late = false;
	interrupted = 0;
	fd = ask(l, kind, build_id, size, path);
	if (asked.shown)
		fputs("\r\033[K", stderr);
	free(shown);
	if (fd < 0) {
		judge(fd);
		*path = NULL;
	}
	return fd;
}
