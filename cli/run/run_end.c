/* SPDX-License-Identifier: MIT */
#include "run_end.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "children.h"
#include "die.h"
#include "ends.h"
#include "escape.h"
#include "executions.h"
#include "model.h"
#include "owner.h"
#include "reading.h"
#include "recording_path.h"
#include "report.h"
#include "shrinking.h"
#include "strangers.h"

#define NAME_RACES 8

void run_end_set_end(struct model *m, int status)
{
	struct timespec now = { 0 };
	uint64_t ns;

	if (WIFSIGNALED(status)) {
		clock_gettime(CLOCK_REALTIME, &now);
		ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
		if (ns > m->meta.start_ns)
			m->meta.duration_ns = ns - m->meta.start_ns;
		m->meta.end = RKN_END_SIGNAL;
		m->meta.end_value = WTERMSIG(status);
	} else {
		m->meta.end = RKN_END_EXIT;
		m->meta.end_value = WEXITSTATUS(status);
	}
}

void run_end_note_end(struct model *m, const struct live_store *store)
{
	struct rkn_meta *meta = &m->meta;

	if (!store->ended_by) {
		/* The end that it was about to report did not come. */
		if (!store->alive && meta->flags & RKN_META_CHECKING)
			meta->end = RKN_END_UNKNOWN;
		return;
	}
	if (meta->end == RKN_END_SIGNAL && meta->end_value == store->ended_by)
		return;
	meta->end = RKN_END_SIGNAL;
	meta->end_value = store->ended_by;
	if (store->end_mono_ns > store->start_mono_ns)
		meta->duration_ns = store->end_mono_ns - store->start_mono_ns;
}

/* "FILE could not be written: reason" when it could not; NULL. */
static char *save_as(const struct run_end *f, const struct model *m,
		     bool main_program, char **name)
{
	const char *refusal;
	int error = -EEXIST;

	*name = NULL;
	if (f->output && main_program) {
		*name = xstrdup(f->output);
		/* Something may have come there since the program began. */
		refusal = recording_path_refusal(*name);
		if (refusal)
			return xasprintf("%s %s", *name, refusal);
		error = model_save(m, *name);
	}
	/* Where all may write, another may take a name that was just free. */
	for (int i = 0;
	     !(f->output && main_program) && i < NAME_RACES && error == -EEXIST;
	     i++) {
		free(*name);
		*name = recording_path_name(f->output, model_called(m),
					    m->meta.pid, main_program);
		error = model_save_new(m, *name);
	}
	return error ? xasprintf("%s could not be written: %s", *name,
				 strerror(-error))
		     : NULL;
}

char *run_end_save(const struct run_end *f, const struct model *m,
		   const char *store, bool main_program)
{
	char *name, *failure = save_as(f, m, main_program, &name), *kept;
	const char *suffix = RECORDING_PATH_SUFFIX;
	size_t stem = strlen(store);

	if (!failure) {
		unlink(store);
		return name;
	}
	/* Written beside the store, as small as it gets. */
	if (stem > strlen(suffix) &&
	    !strcmp(store + stem - strlen(suffix), suffix))
		stem -= strlen(suffix);
	kept = xasprintf("%.*s.finished%s", (int)stem, store, suffix);
	if (model_save_new(m, kept)) {
		free(kept);
		kept = xstrdup(store);
	} else {
		unlink(store);
	}
	owner_keep(kept);
	warn("%s; the recording is kept in %s until you remove it", failure,
	     kept);
	free(failure);
	free(name);
	return kept;
}

struct run_end_report {
	const struct run_end *f;
	const struct live_store *store;
	const struct model *m;
	struct children *children; /* NULL: it is the program's own */
};

static void print_report(void *data)
{
	const struct run_end_report *r = data;
	struct reading in;

	reading_open(&in, r->m, r->f->cache);
	if (r->children) {
		children_add(r->children, r->store, &in);
	} else {
		char *path = escape(r->m->path);

		report_text(stderr, &in, NULL);
		fprintf(stderr, "recording: %s\n", path);
		free(path);
	}
	reading_close(&in);
}

bool run_end_is_passing(const struct live_store *store, const struct model *m)
{
	return !m->meta.allocations ||
	       (store->replaced && m->meta.flags & RKN_META_FORKED);
}

/* Where the recording is, for the caller to free; NULL: none was kept.
 * `children`: what is known of them; NULL: this one is the program's own. */
static char *run_end_store(const struct run_end *f,
			   const struct live_store *store,
			   struct children *children)
{
	bool main_program = !children;
	struct model m;
	int error = reading_load(&m, store->path);
	char *path = NULL;

	if (error && error != -ENODATA)
		return NULL;
	if (main_program && !store->replaced)
		run_end_set_end(&m, f->status);
	else
		run_end_note_end(&m, store);
	if (!main_program && run_end_is_passing(store, &m)) {
		unlink(store->path);
	} else {
		path = run_end_save(f, &m, store->path, main_program);
		free(m.path);
		m.path = xstrdup(path);
		if (!f->quiet) {
			struct run_end_report r = { f, store, &m, children };

			/* The program has run: its status and all recordings
			 * count for more than a report that can be made
			 * again. */
			if (!shrinking_survive(print_report, &r))
				warn(
				    "a binary or debug file was cut short while it was read; `refknot report %s` makes the report when it is complete",
				    path);
		}
	}
	model_release(&m);
	return path;
}

void run_end_tell_alive(const struct live_store *store)
{
	owner_keep(store->path);
	warn(
	    "process %" PRIu32
	    " is still running; its recording goes on in %s, and `refknot report %s` reads it",
	    store->pid, store->path, store->path);
}

size_t run_end_find_main(const struct live_store *list, size_t count, pid_t pid)
{
	for (size_t i = count; i-- > 0;)
		if (list[i].readable && list[i].pid == (uint32_t)pid)
			return i;
	return count;
}

bool run_end_finish(const struct run_end *f, const struct live *l)
{
	size_t count, main_store;
	struct live_store *list;
	struct children children = { 0 };
	struct timespec times[2];
	char *path = NULL;

	strangers_wait(l);
	list = live_list(l, &count);
	executions_replace(l, list, count);
	ends_note(l, list, count);
	main_store = run_end_find_main(list, count, f->pid);
	if (main_store < count)
		path = run_end_store(f, &list[main_store], NULL);
	for (size_t i = 0; i < count; i++) {
		if (i == main_store || (list[i].empty && list[i].alive))
			continue;
		if (list[i].empty)
			unlink(list[i].path);
		else if (list[i].alive)
			run_end_tell_alive(&list[i]);
		else
			free(run_end_store(f, &list[i], &children));
	}
	children_tell(&children, stderr, f->full);
	children_release(&children);
	if (!f->quiet)
		strangers_tell(l, list, count, "");
	/* The newest recording is the program's own, not a child's: that is what
	 * a command reads if none is named. The kernel's own stamps are too
	 * coarse. */
	if (path && !clock_gettime(CLOCK_REALTIME, &times[0])) {
		times[1] = times[0];
		utimensat(AT_FDCWD, path, times, 0);
	}
	free(path);
	live_list_release(list, count);
	return main_store < count;
}
