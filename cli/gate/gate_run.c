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
#include "recorder.h"
#include "run_end.h"
#include "status.h"
#include "strangers.h"

struct run {
	struct gate *gate;
	const char *keep; /* where recordings go; NULL: they are removed */
};

static void judge(struct gate *g, const struct model *m, struct cache *cache)
{
	struct symbols *symbols = symbols_open(m, cache);

	if (!symbols)
		die(STATUS_INPUT, "out of memory");
	gate_add(g, m, symbols);
	symbols_close(symbols);
}

/* One that allocates nothing, or one whose allocator comes before refknot's
 * hooks, as a sanitizer's that is linked into it. */
static void add_idle(const struct run *r, const struct model *m)
{
	const char *program = model_text(m, m->meta.program);
	struct preflight p;

	preflight_check(&p, program);
	if (p.verdict == PREFLIGHT_OWN_MALLOC ||
	    p.verdict == PREFLIGHT_SANITIZER)
		gate_add_incomplete(r->gate, program, model_called(m),
				    m->meta.pid, m->meta.start_ns, p.message);
	else
		gate_add_idle(r->gate, m);
	preflight_release(&p);
}

/* What is said of it names the recording that stays. */
static void keep_store(const struct run_end *f, struct model *m,
		       const char *store, bool main_program)
{
	char *path = run_end_save(f, m, store, main_program);

	free(m->path);
	m->path = path;
}

/* Its process was gone before it had written anything. */
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

static void add_store(const struct run *r, const struct live_store *store,
		      struct cache *cache, const struct run_end *f,
		      bool main_program)
{
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
	if (r->keep)
		keep_store(f, &m, store->path, main_program);
	if (main_program || !run_end_is_passing(store, &m) ||
	    (store->ended_by == SIGKILL && !store->replaced))
		judge(r->gate, &m, cache);
	else if (!store->replaced)
		add_idle(r, &m);
	if (!r->keep)
		unlink(store->path);
	model_release(&m);
}

static void add_running(const struct run *r, const struct live_store *store)
{
	char *program = processes_program(store->pid);
	char *name = processes_called(store->pid, program);

	run_end_tell_alive(store);
	gate_add_incomplete(r->gate, program, name, store->pid, 0,
			    "it is still running");
	free(name);
	free(program);
}

static void add_strangers(const struct run *r, const struct live *l,
			  const struct live_store *list, size_t count)
{
	size_t n;
	struct stranger *strangers = strangers_find(l, list, count, &n);

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
}

/* Of them none is to be judged. */
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

static bool add_all(const struct live *l, pid_t pid, int status, void *data)
{
	const struct run *r = data;
	struct run_end f = { .output = r->keep, .pid = pid, .status = status };
	struct cache *cache = cache_open();
	size_t count, main_store;
	struct live_store *list;

	strangers_wait(l);
	list = live_list(l, &count);
	executions_replace(l, list, count);
	ends_note(l, list, count);
	main_store = run_end_find_main(list, count, pid);
	add_strangers(r, l, list, count);
	for (size_t i = 0; i < count; i++) {
		if (list[i].empty) {
			add_empty(r, l, &list[i]);
			continue;
		}
		if (i == main_store || !list[i].alive) {
			add_store(r, &list[i], cache, &f, i == main_store);
			continue;
		}
		add_running(r, &list[i]);
	}
	cache_close(cache);
	live_list_release(list, count);
	return add_skipped(r, l, pid) || main_store < count;
}

static double now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The program itself, before it had a store. */
static void add_killed(struct gate *g, const char *program, int status)
{
	int signal = WTERMSIG(status);
	char *path = realpath(program, NULL);
	char *how = xasprintf("killed by %s before it came to its own code",
			      killed_signal(signal));

	gate_add_killed(g, path ? path : program, called_name("", program), 0,
			signal, how, signal == SIGKILL);
	free(how);
	free(path);
}

int gate_run(struct gate *g, const char **arguments, const char *keep)
{
	struct run run = { g, keep };
	char *only = gate_patterns_text(&g->options.programs.only, true);
	char *skip = gate_patterns_text(&g->options.programs.skip, false);
	const struct recorder r = { .output = keep,
				    .keeps = keep,
				    .programs = only,
				    .skip_programs = skip,
				    .ended = add_all,
				    .data = &run };
	double begun = now();
	int status = 0;
	enum recorder_outcome outcome;

	recorder_check_settings(NULL);
	outcome = recorder_run(&r, arguments, &status);
	g->seconds = now() - begun;
	free(only);
	free(skip);
	if (outcome == RECORDER_UNPLACED)
		gate_add_incomplete(g, arguments[0], NULL, 0, 0,
				    "it was not recorded");
	else if (outcome == RECORDER_KILLED)
		add_killed(g, arguments[0], status);
	else if (outcome != RECORDER_DONE)
		quit(STATUS_NO_RUN);
	return launch_exit_status(status);
}
