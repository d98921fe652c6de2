/* SPDX-License-Identifier: MIT */
#include "gate_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "called.h"
#include "die.h"
#include "ends.h"
#include "executions.h"
#include "killed.h"
#include "launch.h"
#include "preflight.h"
#include "processes.h"
#include "progress.h"
#include "reading.h"
#include "recorder.h"
#include "run_end.h"
#include "status.h"
#include "strangers.h"

struct run {
	struct gate *gate;
	const char *keep; /* where recordings go; NULL: they are removed */
};

/* Adds a recording that can be read, as far as its program is judged. */
static void add_store(const struct run *r, const struct live_store *store,
		      struct cache *cache, const struct run_end *f,
		      bool main_program)
{
	struct reading in;
	struct preflight p;
	struct model m;
	int error = model_load(&m, store->path);

	if (error && error != -ENODATA) {
		gate_add_incomplete(r->gate, "a process", NULL, store->pid, 0,
				    m.error);
		return;
	}
	if (main_program && !store->replaced)
		run_end_set_end(&m, f->status);
	else
		run_end_note_end(&m, store);
	m.passing = !r->keep;
	if (r->keep) {
		/* Messages name the recording that stays. */
		char *path = run_end_save(f, &m, store->path);

		free(m.path);
		m.path = path;
	}
	if (main_program || !run_end_is_passing(store, &m) ||
	    (store->ended_by == SIGKILL && !store->replaced)) {
		reading_open(&in, &m, cache);
		gate_add(r->gate, &in);
		reading_close(&in);
	} else if (!store->replaced) {
		/* The program allocates nothing, or its allocator comes before
		 * refknot's hooks, as that of a sanitizer linked into it. */
		const char *program = model_text(&m, m.meta.program);

		preflight_check(&p, program);
		if (p.verdict == PREFLIGHT_OWN_MALLOC ||
		    p.verdict == PREFLIGHT_SANITIZER)
			gate_add_incomplete(r->gate, program, model_called(&m),
					    m.meta.pid, m.meta.start_ns,
					    p.message);
		else
			gate_add_idle(r->gate, &m);
		preflight_release(&p);
	}
	if (!r->keep)
		unlink(store->path);
	model_release(&m);
}

/* Adds those that were not recorded as none of their programs is judged; true
 * if process `pid` is one of them. */
static bool add_skipped(const struct run *r, const struct live *l, pid_t pid)
{
	struct executions n;
	bool any;

	executions_read(&n, l);
	for (size_t i = 0; i < n.skipped_count; i++)
		gate_add_incomplete(
		    r->gate, n.skipped[i].program, n.skipped[i].name,
		    n.skipped[i].pid, n.skipped[i].start_ns,
		    "it was not recorded, as a program that is not judged");
	any = executions_skipped(&n, (uint32_t)pid);
	executions_release(&n);
	return any;
}

/* Adds a process that was gone before it wrote anything. */
static void add_empty(const struct run *r, const struct live *l,
		      const struct live_store *store)
{
	uint32_t pid;

	if (!strangers_have(l, store, &pid))
		gate_add_incomplete(
		    r->gate, "a process", NULL, pid, 0,
		    store->alive
			? "its recording is about to begin"
			: "it was gone when its recording was about to begin");
	if (!store->alive)
		unlink(store->path);
}

static bool add_all(const struct live *l, pid_t pid, int status, void *data)
{
	const struct run *r = data;
	struct model_file file = { 0 };
	struct run_end f = { .output = r->keep,
			     .pid = pid,
			     .status = status,
			     .ended_ns = run_end_now(),
			     .file = &file };
	struct cache *cache = cache_open();
	size_t count, main_store, n;
	struct live_store *list;
	struct stranger *strangers;

	strangers_wait(l);
	list = live_list(l, &count);
	executions_replace(l, list, count);
	ends_note(l, list, count);
	main_store = run_end_find_main(list, count, pid);
	strangers = strangers_find(l, list, count, &n);
	for (size_t i = 0; i < n; i++) {
		const struct stranger *s = &strangers[i];

		if (s->killed)
			gate_add_killed(r->gate, s->program, s->name, s->pid,
					s->signal, s->why,
					s->signal == SIGKILL);
		else
			gate_add_incomplete(r->gate, s->program, s->name,
					    s->pid, GATE_LAST, s->why);
	}
	strangers_release(strangers, n);
	progress_begin("judging processes", NULL, count);
	/* That of the program is the first in the file. */
	if (main_store < count)
		add_store(r, &list[main_store], cache, &f, true);
	for (size_t i = 0; i < count; i++) {
		const struct live_store *store = &list[i];
		char *program, *name;

		progress_at(i);
		if (i == main_store)
			continue;
		if (store->empty) {
			add_empty(r, l, store);
			continue;
		}
		if (!store->alive) {
			add_store(r, store, cache, &f, false);
			continue;
		}
		program = processes_program(store->pid);
		name = processes_called(store->pid, program);
		run_end_tell_alive(store);
		gate_add_incomplete(r->gate, program, name, store->pid, 0,
				    "it is still running");
		free(name);
		free(program);
	}
	progress_end();
	model_file_complete(&file);
	model_file_end(&file);
	cache_close(cache);
	live_list_release(list, count);
	return add_skipped(r, l, pid) || main_store < count;
}

int gate_run(struct gate *g, const char **arguments, const char *keep)
{
	struct run run = { g, keep };
	const char *program = arguments[0];
	char *only = gate_patterns_text(&g->options.programs.only, true);
	char *skip = gate_patterns_text(&g->options.programs.skip, false);
	const struct recorder r = { .output = keep,
				    .keeps = keep,
				    .programs = only,
				    .skip_programs = skip,
				    .ended = add_all,
				    .data = &run };
	struct timespec begun = { 0 }, ended = { 0 };
	int status = 0;
	enum recorder_outcome outcome;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	recorder_check_settings(NULL);
	outcome = recorder_run(&r, arguments, &status);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	g->seconds = (double)(ended.tv_sec - begun.tv_sec) +
		     (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
	free(only);
	free(skip);
	if (outcome == RECORDER_UNPLACED) {
		gate_add_incomplete(g, program, NULL, 0, 0,
				    "it was not recorded");
	} else if (outcome == RECORDER_KILLED) {
		/* The program itself, before it had a store. */
		int signal = WTERMSIG(status);
		char *path = realpath(program, NULL);
		char *how =
		    xasprintf("killed by %s before it came to its own code",
			      killed_signal(signal));

		gate_add_killed(g, path ? path : program,
				called_name("", program), 0, signal, how,
				signal == SIGKILL);
		free(how);
		free(path);
	} else if (outcome != RECORDER_DONE) {
		quit(STATUS_NO_RUN);
	}
	return launch_exit_status(status);
}
