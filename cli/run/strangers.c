/* SPDX-License-Identifier: MIT */
#include "strangers.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "called.h"
#include "die.h"
#include "ends.h"
#include "escape.h"
#include "executions.h"
#include "killed.h"
#include "list.h"
#include "model.h"
#include "preflight.h"
#include "processes.h"

#define POLLS   20 /* of POLL_NS each */
#define POLL_NS 10000000
#define TOLD    10 /* strangers */

static bool has_store(uint32_t pid, const struct live_store *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].alive && list[i].pid == pid)
			return true;
	return false;
}

/* --- Waiting --------------------------------------------------------------------- */

struct waited {
	uint32_t *pids; /* 0: no more */
	size_t count;
	const struct live_store *stores;
	size_t store_count;
};

static void wait_for(uint32_t pid, void *data)
{
	struct waited *w = data;

	if (has_store(pid, w->stores, w->store_count))
		return;
	*LIST_ADD(w->pids, w->count) = pid;
}

static void forget(struct waited *w, uint32_t pid)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->pids[i] == pid)
			w->pids[i] = 0;
}

/* Does any of them have no store yet, and is it still there? */
static bool are_open(struct waited *w, const struct live *l)
{
	DIR *directory = opendir(l->directory);
	struct dirent *entry;
	bool any = false;

	/* Stores are named PROGRAM.PID.rkn or PROGRAM.PID.2.rkn: any of the
	 * numbers may be meant, for a wait that ends early does no harm. */
	while (directory && (entry = readdir(directory)))
		for (const char *dot = *entry->d_name == '.'
					   ? NULL
					   : strchr(entry->d_name, '.');
		     dot; dot = strchr(dot + 1, '.'))
			forget(w, (uint32_t)strtoul(dot + 1, NULL, 10));
	if (directory)
		closedir(directory);
	for (size_t i = 0; i < w->count; i++) {
		if (w->pids[i] && kill((pid_t)w->pids[i], 0) && errno == ESRCH)
			w->pids[i] = 0;
		any |= w->pids[i] != 0;
	}
	return any;
}

/* Is any that has a store still there? */
static bool are_running(struct live_store *list, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		list[i].alive = list[i].alive && !list[i].empty &&
				processes_map(list[i].pid, list[i].path);
		any |= list[i].alive;
	}
	return any;
}

void strangers_wait(const struct live *l)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	struct waited w = { 0 };
	struct live_store *list = live_list(l, &w.store_count);
	struct executions n;
	int polls = POLLS;
	size_t count;

	w.stores = list;
	executions_read(&n, l);
	processes_each(l->directory, processes_since(l->pid, l->begun_ns),
		       wait_for, &w);
	for (size_t i = 0; i < n.skipped_count; i++)
		forget(&w, n.skipped[i].pid);
	/* What a skipped one executes may be recorded. */
	for (size_t i = 0; i < n.count; i++)
		if (!executions_recorded(&n, i, list, w.store_count) &&
		    !kill((pid_t)n.list[i].pid, 0))
			wait_for(n.list[i].pid, &w);
	executions_release(&n);
	live_list_release(list, w.store_count);
	for (; polls && w.count && are_open(&w, l); polls--)
		nanosleep(&pause, NULL);
	free(w.pids);
	/* A daemon may end as soon as what started it. */
	list = live_list(l, &count);
	for (; polls && are_running(list, count); polls--)
		nanosleep(&pause, NULL);
	live_list_release(list, count);
}

/* --- Strangers ------------------------------------------------------------------- */

struct search {
	struct stranger *list;
	size_t count, executed; /* the latter: those by their notes */
	const struct live_store *stores;
	size_t store_count;
	struct executions executions;
	struct ends ends;
};

static struct stranger *add(struct search *s, char *program, char *name,
			    uint32_t pid, char *why)
{
	LIST_GROW(s->list, s->count);
	s->list[s->count] = (struct stranger){ program, name, pid, why };
	return &s->list[s->count++];
}

/* When the next program of `pid` began, after `time`; UINT64_MAX: never. */
static uint64_t next_of(const struct search *s, uint32_t pid, uint64_t time)
{
	return executions_next(&s->executions, pid, time, s->stores,
			       s->store_count);
}

/* What kept the shim out of a program that was executed; NULL: nothing that is
 * known. */
static const char *obstacle(const struct execution *n,
			    const struct preflight *p)
{
	if (p->verdict != PREFLIGHT_OK && p->verdict != PREFLIGHT_NOT_FOUND)
		return p->message;
	if (n->filtered)
		return "a seccomp filter that was installed before forbids system calls that a recording begins with; allow openat, ftruncate, mmap, mprotect and madvise in it";
	if (n->bare)
		return "LD_PRELOAD was not in its environment, or refknot's shim not in that, or not to be found";
	return NULL;
}

static void add_executed(struct search *s, const struct execution *n)
{
	uint64_t next = next_of(s, n->pid, n->time_ns);
	const struct end *end = ends_find(&s->ends, n->pid, n->time_ns, next);
	bool failed = ends_failed(&s->ends, n->pid, n->time_ns, next);
	int signal = end ? end->signal : 0;
	bool killed = false;
	struct preflight p;
	struct stranger *one;
	const char *path, *why;
	char *text, *real;

	preflight_check(&p, n->path);
	path = p.binary ? p.binary : p.program ? p.program : n->path;
	why = obstacle(n, &p);
	if (why) {
		text = xasprintf("it was executed and not recorded: %s", why);
	} else if (p.verdict == PREFLIGHT_OK && !failed &&
		   (signal == SIGKILL || killed_asks(signal))) {
		killed = true;
		text = xasprintf("killed by %s before it came to its own code",
				 killed_signal(signal));
	} else if (failed) {
		text = xstrdup(
		    "it was executed and not recorded: its recording could not begin, for what it said itself");
	} else if (signal) {
		text = xasprintf(
		    "it was executed and not recorded: %s ended it before refknot's shim began",
		    killed_signal(signal));
	} else {
		text = xstrdup(
		    "it was executed and not recorded: it ended before refknot's shim began, or the shim could not be loaded");
	}
	/* A killed process would have got, a moment later, the name that it was
	 * started by; a script's is not that of what runs. */
	if (killed && !(p.binary && p.program && strcmp(p.binary, p.program)))
		real = xstrdup(called_name(n->called, path));
	else
		real = xstrdup(called_name("", path));
	one = add(s, realpath(path, NULL), real, n->pid, text);
	if (!one->program)
		one->program = xstrdup(path);
	one->killed = killed;
	one->signal = signal;
	preflight_release(&p);
}

/* Has the process noted itself that it is not to be judged? */
static bool is_skipped(const struct search *s, uint32_t pid,
		       const char *program)
{
	for (size_t i = 0; i < s->executions.skipped_count; i++)
		if (s->executions.skipped[i].pid == pid &&
		    !strcmp(s->executions.skipped[i].program, program))
			return true;
	return false;
}

/* A forked child that SIGKILL ended before it allocated anything has no store:
 * the same process killed a moment later has one. */
static void add_forked(struct search *s, const struct end *e)
{
	const struct live_store *parent = NULL;
	const struct skipped *skipped = s->executions.skipped;
	struct stranger *one;
	struct model m;
	int error;

	/* The process that noted it has a store: its child is of the same
	 * program. */
	for (size_t i = 0; i < s->store_count; i++)
		if (s->stores[i].readable && s->stores[i].pid == e->by &&
		    s->stores[i].start_mono_ns <= e->time_ns)
			parent = &s->stores[i];
	for (size_t i = 0; parent && i < s->executions.skipped_count; i++)
		if (skipped[i].pid == e->by &&
		    skipped[i].time_ns <= e->time_ns &&
		    skipped[i].time_ns > parent->start_mono_ns)
			parent = NULL;
	if (!parent)
		return;
	error = model_load(&m, parent->path);
	if (error && error != -ENODATA)
		return;
	one = add(
	    s, xstrdup(model_text(&m, m.meta.program)),
	    xstrdup(model_called(&m)), e->pid,
	    xstrdup(
		"killed by SIGKILL before it allocated anything of its own"));
	one->killed = true;
	one->signal = e->signal;
	model_release(&m);
}

static void add_running(uint32_t pid, void *data)
{
	struct search *s = data;
	char *program;

	if (has_store(pid, s->stores, s->store_count))
		return;
	for (size_t i = 0; i < s->executed; i++)
		if (s->list[i].pid == pid)
			return;
	program = processes_program(pid);
	if (is_skipped(s, pid, program)) {
		free(program);
		return;
	}
	add(s, program, processes_called(pid, program), pid,
	    xstrdup("it is still running, and has allocated nothing yet"));
}

struct stranger *strangers_find(const struct live *l,
				const struct live_store *list, size_t count,
				size_t *found)
{
	struct search s = { .stores = list, .store_count = count };
	const struct executions *n = &s.executions;

	executions_read(&s.executions, l);
	ends_read(&s.ends, l);
	/* Those of all stores, too: then only ends without a store are left. */
	for (size_t i = 0; s.ends.count && i < count; i++)
		if (list[i].readable)
			ends_find(
			    &s.ends, list[i].pid, list[i].start_mono_ns,
			    next_of(&s, list[i].pid, list[i].start_mono_ns));
	for (size_t i = 0; s.ends.count && i < n->skipped_count; i++)
		ends_find(
		    &s.ends, n->skipped[i].pid, n->skipped[i].time_ns,
		    next_of(&s, n->skipped[i].pid, n->skipped[i].time_ns));
	for (size_t i = 0; i < n->count; i++)
		if (!executions_recorded(n, i, list, count))
			add_executed(&s, &n->list[i]);
	s.executed = s.count;
	for (size_t i = 0; i < s.ends.count; i++)
		if (s.ends.list[i].kind == END_SEEN && !s.ends.list[i].used &&
		    s.ends.list[i].signal == SIGKILL)
			add_forked(&s, &s.ends.list[i]);
	processes_each(l->directory, processes_since(l->pid, l->begun_ns),
		       add_running, &s);
	ends_release(&s.ends);
	executions_release(&s.executions);
	*found = s.count;
	return s.list;
}

void strangers_release(struct stranger *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].program);
		free(list[i].name);
		free(list[i].why);
	}
	free(list);
}

/* PROGRAM.PID.rkn or PROGRAM.PID.2.rkn, as the shim names them. */
bool strangers_have(const struct live *l, const struct live_store *store,
		    uint32_t *pid)
{
	struct executions x;
	struct ends n;
	bool found = false;

	executions_read(&x, l);
	ends_read(&n, l);
	*pid = 0;
	for (const char *dot = strchr(strrchr(store->path, '/'), '.');
	     dot && !found; dot = strchr(dot + 1, '.')) {
		uint32_t number = (uint32_t)strtoul(dot + 1, NULL, 10);

		*pid = number ? number : *pid;
		for (size_t i = 0; number && i < x.count; i++)
			found |= x.list[i].pid == number;
		for (size_t i = 0; number && i < n.count; i++)
			found |= n.list[i].pid == number &&
				 n.list[i].kind == END_SEEN;
	}
	ends_release(&n);
	executions_release(&x);
	return found;
}

static bool are_alike(const struct stranger *a, const struct stranger *b)
{
	return !strcmp(a->program, b->program) && !strcmp(a->why, b->why);
}

void strangers_tell(const struct live *l, const struct live_store *list,
		    size_t count, const char *what)
{
	size_t n, told = 0;
	struct stranger *strangers = strangers_find(l, list, count, &n);

	for (size_t i = 0; i < n; i++) {
		size_t before = 0, times = 1;

		for (size_t k = 0; k < i && !before; k++)
			before = are_alike(&strangers[i], &strangers[k]);
		for (size_t k = i + 1; k < n && !before; k++)
			times += are_alike(&strangers[i], &strangers[k]);
		if (!before && told++ < TOLD) {
			const struct stranger *s = &strangers[i];
			char *program = escape(s->program);

			if (times > 1)
				warn("%s, %zu times%s: %s", program, times,
				     what, s->why);
			else
				warn("%s, pid %" PRIu32 "%s: %s", program,
				     s->pid, what, s->why);
			free(program);
		}
	}
	if (told > TOLD)
		warn("%zu more programs were executed and not recorded",
		     told - TOLD);
	strangers_release(strangers, n);
}
