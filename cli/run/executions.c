/* SPDX-License-Identifier: MIT */
#include "executions.h"

#include <inttypes.h>
#include <refknot/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beginning.h"
#include "die.h"
#include "list.h"

static int by_pid(const void *a, const void *b)
{
	const struct execution *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* "name\nPATH": where the program found it, or only the name. */
static char *searched(const char *text)
{
	size_t length = strcspn(text, "\n");
	char *name = xasprintf("%.*s", (int)length, text), *found = NULL;
	char *list = xstrdup(text + length + 1), *rest = list, *directory;

	while (!found && (directory = strsep(&rest, ":"))) {
		found = xasprintf("%s/%s", *directory ? directory : ".", name);
		if (!access(found, X_OK))
			continue;
		free(found);
		found = NULL;
	}
	free(list);
	if (!found)
		return name;
	free(name);
	return found;
}

/* The path as other processes see it: "/proc/self/..." is each one's own. */
static char *seen_by(uint32_t pid, const char *path)
{
	static const char *const own[][2] = {
		{ "/proc/self/", "" },
		{ "/proc/thread-self/", "" },
		{ "/dev/fd/", "fd/" },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!strncmp(path, own[i][0], strlen(own[i][0])))
			return xasprintf("/proc/%" PRIu32 "/%s%s", pid,
					 own[i][1], path + strlen(own[i][0]));
	return xstrdup(path);
}

/* "TIME NAME/PATH" */
static void add_skipped(struct executions *n, const struct live_note *note)
{
	struct skipped s = { .pid = note->pid, .time_ns = note->time_ns };
	const char *text = note->text, *path = strchr(text, '/');
	int end = 0;

	if (!path || sscanf(text, "%" SCNu64 "%n", &s.start_ns, &end) != 1 ||
	    text[end] != ' ' || text + end >= path)
		return;
	s.name =
	    xasprintf("%.*s", (int)(path - text - end - 1), text + end + 1);
	s.program = xstrdup(path);
	*LIST_ADD(n->skipped, n->skipped_count) = s;
}

static void add(const struct live_note *note, void *data)
{
	struct executions *n = data;
	struct execution e = { .pid = note->pid, .time_ns = note->time_ns };
	char *path = note->text;
	size_t size = *path == '=' ? strcspn(path, "\n") : 0;

	if (!strcmp(note->suffix, STORE_SKIPPED)) {
		add_skipped(n, note);
		return;
	}
	e.filtered = !strcmp(note->suffix, STORE_FILTERED);
	e.bare = !strcmp(note->suffix, STORE_BARE);
	if (*note->suffix && !e.filtered && !e.bare)
		return;
	if (size && path[size]) { /* "=sh\n/usr/bin/dash" */
		e.called = xasprintf("%.*s", (int)size - 1, path + 1);
		path += size + 1;
	} else {
		e.called = xstrdup("");
	}
	e.path = strchr(path, '\n') ? searched(path) : seen_by(e.pid, path);
	*LIST_ADD(n->list, n->count) = e;
}

void executions_read(struct executions *n, const struct live *l)
{
	*n = (struct executions){ 0 };
	live_each_note(l, add, n);
	if (n->count)
		qsort(n->list, n->count, sizeof(*n->list), by_pid);
}

void executions_release(struct executions *n)
{
	for (size_t i = 0; i < n->count; i++) {
		free(n->list[i].path);
		free(n->list[i].called);
	}
	free(n->list);
	for (size_t i = 0; i < n->skipped_count; i++) {
		free(n->skipped[i].program);
		free(n->skipped[i].name);
	}
	free(n->skipped);
}

/* When the same process executed the next one. */
static uint64_t time_after(const struct executions *n, size_t i)
{
	return i + 1 < n->count && n->list[i + 1].pid == n->list[i].pid
		   ? n->list[i + 1].time_ns
		   : UINT64_MAX;
}

bool executions_recorded(const struct executions *n, size_t i,
			 const struct live_store *list, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (list[k].readable && !list[k].forked &&
		    list[k].pid == n->list[i].pid &&
		    list[k].start_mono_ns >= n->list[i].time_ns &&
		    list[k].start_mono_ns < time_after(n, i))
			return true;
	for (size_t k = 0; k < n->skipped_count; k++)
		if (n->skipped[k].pid == n->list[i].pid &&
		    n->skipped[k].time_ns >= n->list[i].time_ns &&
		    n->skipped[k].time_ns < time_after(n, i))
			return true;
	return false;
}

bool executions_skipped(const struct executions *n, uint32_t pid)
{
	for (size_t i = 0; i < n->skipped_count; i++)
		if (n->skipped[i].pid == pid)
			return true;
	return false;
}

uint64_t executions_start(const struct executions *n, uint32_t pid,
			  uint64_t time, const struct live_store *list,
			  size_t count)
{
	uint64_t last = 0, start = time;

	/* When the last program before it began that left a store or was
	 * skipped. */
	for (size_t k = 0; k < count; k++)
		if (list[k].readable && list[k].pid == pid &&
		    list[k].start_mono_ns < time &&
		    list[k].start_mono_ns > last)
			last = list[k].start_mono_ns;
	for (size_t k = 0; k < n->skipped_count; k++)
		if (n->skipped[k].pid == pid && n->skipped[k].time_ns < time &&
		    n->skipped[k].time_ns > last)
			last = n->skipped[k].time_ns;
	for (size_t i = 0; i < n->count; i++)
		if (n->list[i].pid == pid && n->list[i].time_ns <= time &&
		    n->list[i].time_ns > last)
			start = n->list[i].time_ns;
	return start;
}

uint64_t executions_next(const struct executions *n, uint32_t pid,
			 uint64_t time, const struct live_store *list,
			 size_t count)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < n->count; i++)
		if (n->list[i].pid == pid && n->list[i].time_ns > time &&
		    n->list[i].time_ns < next)
			next = n->list[i].time_ns;
	for (size_t k = 0; k < count; k++)
		if (list[k].readable && list[k].pid == pid &&
		    list[k].start_mono_ns > time &&
		    list[k].start_mono_ns < next)
			next = list[k].start_mono_ns;
	for (size_t k = 0; k < n->skipped_count; k++)
		if (n->skipped[k].pid == pid && n->skipped[k].time_ns > time &&
		    n->skipped[k].time_ns < next)
			next = n->skipped[k].time_ns;
	return next;
}

void executions_replace(const struct live *l, struct live_store *list,
			size_t count)
{
	struct executions n;

	executions_read(&n, l);
	for (size_t i = 0; i < n.count; i++)
		for (size_t k = 0; k < count; k++)
			list[k].replaced |= beginning_replaces(
			    (struct beginning){ n.list[i].pid, false,
						n.list[i].time_ns },
			    (struct beginning){ list[k].pid, list[k].forked,
						list[k].start_mono_ns });
	executions_release(&n);
}
