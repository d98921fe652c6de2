/* SPDX-License-Identifier: MIT */
#include "recordings.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "die.h"
#include "escape.h"

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

/* The newest recording of the working directory. */
static int visit_newest(struct cache *c, recordings_visit *visit, void *data)
{
	struct timespec best = { 0 };
	char *path = NULL, *shown;
	int status;
	glob_t found = { 0 };

	if (glob("*.rkn", 0, NULL, &found))
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct stat st;

		if (stat(found.gl_pathv[i], &st) || !S_ISREG(st.st_mode) ||
		    (path && (st.st_mtim.tv_sec != best.tv_sec
				  ? st.st_mtim.tv_sec < best.tv_sec
				  : st.st_mtim.tv_nsec <= best.tv_nsec)))
			continue;
		best = st.st_mtim;
		free(path);
		path = xstrdup(found.gl_pathv[i]);
	}
	globfree(&found);
	if (!path && access(".", R_OK))
		die(STATUS_INPUT,
		    "this directory cannot be read (%s); name a recording",
		    strerror(errno));
	if (!path)
		die(STATUS_INPUT,
		    "there is no *.rkn here; name a recording, or make one with: refknot run PROGRAM");
	if (isatty(STDERR_FILENO)) {
		shown = escape(path);
		warn("the newest recording here is %s", shown);
		free(shown);
	}
	status = visit_one(path, c, visit, data);
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
		if (visit_one(*paths, c, visit, data))
			status = STATUS_INPUT;
	cache_close(c);
	return status;
}
