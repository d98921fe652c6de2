/* SPDX-License-Identifier: MIT */
#include "recordings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "die.h"
#include "escape.h"
#include "losses.h"
#include "recorded.h"

#define PID_DIGITS 9 /* at most */

static int visit_one(const char *path, struct cache *c, recordings_visit *visit,
		     void *data)
{
	struct model m;
	struct reading in;
	int error = reading_load(&m, path);

	if (error && error != -ENODATA)
		return STATUS_INPUT;
	reading_open(&in, &m, c);
	visit(&in, data);
	reading_close(&in);
	model_release(&m);
	return error ? STATUS_INPUT : STATUS_OK;
}

void recordings_none(void)
{
	if (access(".", R_OK))
		die(STATUS_INPUT,
		    "this directory cannot be read (%s); name a recording",
		    strerror(errno));
	die(STATUS_INPUT,
	    "there is no *.rkn here; name a recording, or make one with: refknot run PROGRAM");
}

/* The worst process of the newest run in the working directory. */
static int visit_newest(struct cache *c, recordings_visit *visit, void *data)
{
	struct recorded_run r;
	char *shown;
	int status;

	recorded_run(&r, NULL, false, c);
	if (!r.count)
		recordings_none();
	if (isatty(STDERR_FILENO)) {
		shown = escape(r.list[0].path);
		if (r.count == 1)
			warn("the newest recording here is %s", shown);
		else
			warn(
			    "of %zu recordings of the newest run, %s is the %s",
			    r.count, shown,
			    losses_findings(&r.list[0].meta) ? "worst"
							     : "program's");
		free(shown);
	}
	status = visit_one(r.list[0].path, c, visit, data);
	recorded_release(&r);
	return status;
}

char *recordings_path(const char *word)
{
	char *path;

	if (!*word || word[strspn(word, "0123456789")] ||
	    strlen(word) > PID_DIGITS || !access(word, F_OK))
		return xstrdup(word);
	path = recorded_of_pid((uint32_t)strtoul(word, NULL, 10));
	if (!path)
		warn(
		    "there is no recording of a process %s here; `refknot list` shows those that are",
		    word);
	return path;
}

static int visit_named(const char *word, struct cache *c,
		       recordings_visit *visit, void *data)
{
	char *path = recordings_path(word);
	int status = path ? visit_one(path, c, visit, data) : STATUS_INPUT;

	free(path);
	return status;
}

size_t recordings_count(const char **paths)
{
	size_t n = 0;

	while (paths && paths[n])
		n++;
	return n ? n : 1;
}

int recordings_each(const char **paths, recordings_visit *visit, void *data)
{
	struct cache *c = cache_open();
	int status = STATUS_OK;

	if (!paths || !*paths)
		status = visit_newest(c, visit, data);
	for (; paths && *paths; paths++)
		if (visit_named(*paths, c, visit, data))
			status = STATUS_INPUT;
	cache_close(c);
	return status;
}
