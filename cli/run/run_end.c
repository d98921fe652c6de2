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
#include "paint.h"
#include "progress.h"
#include "reading.h"
#include "recording_path.h"
#include "report.h"
#include "shrinking.h"
#include "strangers.h"

#define NAME_RACES   8
#define FEW_FINDINGS 3 /* of the worst process, below what is said of all */

uint64_t run_end_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void run_end_set_end(struct model *m, int status)
{
	uint64_t ns;

	if (WIFSIGNALED(status)) {
		ns = run_end_now();
		if (ns > m->meta.start_ns)
			model_set_duration(m, ns - m->meta.start_ns);
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
		model_set_duration(m,
				   store->end_mono_ns - store->start_mono_ns);
}

/* The first recording. "FILE could not be written: reason" when it could not;
 * NULL. */
static char *begin(const struct run_end *f, const struct model *m, char **name)
{
	const char *refusal;
	int error = -EEXIST;

	*name = NULL;
	if (f->output) {
		*name = xstrdup(f->output);
		/* Something may have come there since the program began. */
		refusal = recording_path_refusal(*name);
		if (refusal)
			return xasprintf("%s %s", *name, refusal);
		error = model_file_begin(f->file, m, *name);
	}
	/* Where all may write, another may take a name that was just free. */
	for (int i = 0; !f->output && i < NAME_RACES && error == -EEXIST; i++) {
		free(*name);
		*name = recording_path_name(model_called(m), m->meta.pid);
		error = model_file_begin_new(f->file, m, *name);
	}
	return error ? xasprintf("%s could not be written: %s", *name,
				 strerror(-error))
		     : NULL;
}

/* One more; likewise. */
static char *add(const struct run_end *f, const struct model *m, char **name)
{
	int error = f->file->path ? model_file_add(f->file, m, name) : -EIO;

	if (!error)
		return NULL;
	*name = xstrdup(f->file->path ? f->file->path : "the run's file");
	return xasprintf("%s could not be written to its end: %s", *name,
			 error == -ESTALE ? "another file has its name now"
					  : strerror(-error));
}

char *run_end_save(const struct run_end *f, struct model *m, const char *store)
{
	char *name, *failure, *kept;
	const char *suffix = RECORDING_PATH_SUFFIX;
	size_t stem = strlen(store);

	m->meta.run_pid = (uint32_t)f->pid;
	m->meta.run_ns = f->ended_ns;
	if (!f->file->path && !f->file->spoilt) {
		m->meta.flags |= RKN_META_RUN_OPEN;
		failure = begin(f, m, &name);
		m->meta.flags &= ~RKN_META_RUN_OPEN;
	} else {
		failure = add(f, m, &name);
	}
	if (!failure) {
		unlink(store);
		return name;
	}
	/* Written beside the store, as small as it gets, and the others behind
	 * it. */
	if (stem > strlen(suffix) &&
	    !strcmp(store + stem - strlen(suffix), suffix))
		stem -= strlen(suffix);
	kept = xasprintf("%.*s.finished%s", (int)stem, store, suffix);
	/* Never begun anew: what is in it has no store any more. */
	model_file_end(f->file);
	f->file->spoilt = true;
	if (model_file_begin_new(f->file, m, kept)) {
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

bool run_end_is_passing(const struct live_store *store, const struct model *m)
{
	return !m->meta.allocations ||
	       (store->replaced && m->meta.flags & RKN_META_FORKED);
}

/* A run's recordings, while its end is told. */
struct ending {
	const struct run_end *f;
	struct children children; /* without the program itself */
	struct model program;     /* its own; `path` NULL: it has none */
	bool program_replaced;
	bool short_report; /* of a few findings: more is above it */
	size_t processes;  /* beside the program itself that were recorded */
};

static void judge(struct ending *e, const struct model *m, bool replaced,
		  bool main_program)
{
	struct reading in;
	struct rkn_meta meta;

	reading_open(&in, m, e->f->cache);
	meta = children_add(&e->children, &in, replaced, main_program);
	reading_close(&in);
	/* `refknot report` finds the worst by it. Where it cannot be written,
	 * that judges all anew. */
	if (main_program || !e->f->file->path)
		model_note(m->path, &meta);
	else
		model_file_note(e->f->file, &meta);
}

/* What is to be done with one recording, and may not come to its end. */
struct task {
	struct ending *e;
	const struct model *m;
	bool replaced, main_program;
};

static void judge_one(void *data)
{
	const struct task *t = data;

	judge(t->e, t->m, t->replaced, t->main_program);
}

static void print_report(void *data)
{
	const struct task *t = data;
	const struct report_options few = {
		.kinds = REPORT_FINDINGS,
		.limit = FEW_FINDINGS,
		.colour = paint_wanted(stderr),
	};
	const struct report_options whole = {
		.kinds = REPORT_FINDINGS,
		.limit = REPORT_LIMIT,
		.colour = paint_wanted(stderr),
		.children = t->e->f->alone ? NULL : &t->e->processes,
	};
	char *path = escape(t->m->path);
	struct reading in;

	reading_open(&in, t->m, t->e->f->cache);
	report_text(stderr, &in, t->e->short_report ? &few : &whole);
	reading_close(&in);
	fprintf(stderr, "recording: %s\n", path);
	free(path);
}

/* The program has run: its status and all recordings count for more than a
 * report that can be made again. */
static void survive(void (*f)(void *data), struct task t)
{
	if (!shrinking_survive(f, &t))
		warn(
		    "a binary or debug file was cut short while it was read; `refknot report %s` makes the report when it is complete",
		    t.m->path);
}

/* Saves a store's recording, and judges that of a child. */
static void save(struct ending *e, const struct live_store *store,
		 bool main_program)
{
	struct model m;
	int error = reading_load(&m, store->path);
	char *path;

	if (error && error != -ENODATA)
		return;
	if (main_program && !store->replaced)
		run_end_set_end(&m, e->f->status);
	else
		run_end_note_end(&m, store);
	if (!main_program && run_end_is_passing(store, &m)) {
		unlink(store->path);
		model_release(&m);
		return;
	}
	path = run_end_save(e->f, &m, store->path);
	free(m.path);
	m.path = path;
	if (main_program) {
		e->program = m;
		e->program_replaced = store->replaced;
		return;
	}
	if (!e->f->quiet)
		survive(judge_one,
			(struct task){ e, &m, store->replaced, false });
	model_release(&m);
}

/* The children's findings count: which process is the worst, and its report. */
static void tell_worst(struct ending *e)
{
	bool is_program;
	struct model *m = &e->program, other;
	char *name = NULL;
	const char *path;

	if (m->path) {
		name = escape(model_called(m));
		survive(judge_one,
			(struct task){ e, m, e->program_replaced, true });
	}
	children_summarize(&e->children, stderr, name, e->f->output,
			   e->f->full);
	free(name);
	path = e->children.list[0].path;
	is_program = m->path && !strcmp(path, m->path);
	if (!is_program) {
		m = &other;
		if (reading_load(m, path))
			return;
	}
	e->short_report = true;
	survive(print_report, (struct task){ e, m, false, is_program });
	if (!is_program)
		model_release(m);
}

static void tell(struct ending *e)
{
	if (children_have_findings(&e->children)) {
		tell_worst(e);
		return;
	}
	if (e->program.path)
		survive(print_report,
			(struct task){ e, &e->program, false, true });
	children_tell(&e->children, stderr, e->f->full);
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

/* The newest recording is the one that a command reads if none is named. The
 * kernel's own stamps are too coarse. */
static void touch(const struct model_file *file)
{
	struct timespec times[2];

	if (!file->path || clock_gettime(CLOCK_REALTIME, &times[0]))
		return;
	times[1] = times[0];
	futimens(file->fd, times);
}

bool run_end_finish(const struct run_end *f, const struct live *l)
{
	size_t count, main_store;
	struct live_store *list;
	struct model_file file = { 0 };
	struct run_end into = *f;
	struct ending e = { .f = &into };

	into.file = &file;
	strangers_wait(l);
	list = live_list(l, &count);
	executions_replace(l, list, count);
	ends_note(l, list, count);
	main_store = run_end_find_main(list, count, f->pid);
	if (main_store < count)
		save(&e, &list[main_store], true);
	progress_begin("judging processes", NULL, count);
	for (size_t i = 0; i < count; i++) {
		progress_at(i);
		e.processes += list[i].pid != (uint32_t)f->pid;
		if (i == main_store || (list[i].empty && list[i].alive))
			continue;
		if (list[i].empty)
			unlink(list[i].path);
		else if (list[i].alive)
			run_end_tell_alive(&list[i]);
		else
			save(&e, &list[i], false);
	}
	progress_end();
	if (!f->quiet) {
		tell(&e);
		strangers_tell(l, list, count, "");
	}
	touch(&file);
	model_file_complete(&file);
	model_file_end(&file);
	children_release(&e.children);
	if (e.program.path)
		model_release(&e.program);
	live_list_release(list, count);
	return main_store < count;
}
