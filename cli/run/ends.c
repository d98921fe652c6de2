/* SPDX-License-Identifier: MIT */
#include "ends.h"

#include <inttypes.h>
#include <refknot/store.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executions.h"
#include "list.h"

static const struct {
	const char *suffix;
	enum end_kind kind;
} kinds[] = {
	{ STORE_ENDED, END_SEEN },
	{ STORE_SENT, END_SENT },
	{ STORE_FAILED, END_FAILED },
};

static int by_pid(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* "9 1234" behind "17-123456789-ended"; other notes are skipped. */
static void add(const struct live_note *note, void *data)
{
	struct ends *n = data;
	struct end e = { .pid = note->pid, .time_ns = note->time_ns };
	size_t k = 0;

	while (k < sizeof(kinds) / sizeof(*kinds) &&
	       strcmp(note->suffix, kinds[k].suffix) != 0)
		k++;
	if (k == sizeof(kinds) / sizeof(*kinds) ||
	    sscanf(note->text, "%d %" SCNu32, &e.signal, &e.by) != 2)
		return;
	e.kind = kinds[k].kind;
	if (e.kind == END_SENT)
		e.signal = SIGKILL;
	if (e.signal >= 0 && e.signal <= 64)
		*LIST_ADD(n->list, n->count) = e;
}

void ends_read(struct ends *n, const struct live *l)
{
	*n = (struct ends){ 0 };
	live_each_note(l, add, n);
	if (n->count)
		qsort(n->list, n->count, sizeof(*n->list), by_pid);
}

void ends_release(struct ends *n)
{
	free(n->list);
}

/* The first of that kind. */
static struct end *find(const struct ends *n, enum end_kind kind, uint32_t pid,
			uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->list[i].kind == kind && n->list[i].pid == pid &&
		    n->list[i].time_ns >= from && n->list[i].time_ns < to)
			return &n->list[i];
	return NULL;
}

struct end *ends_find(const struct ends *n, uint32_t pid, uint64_t from,
		      uint64_t to)
{
	struct end *e = find(n, END_SEEN, pid, from, to);

	if (e)
		e->used = true;
	else
		e = find(n, END_SENT, pid, from, to);
	return e;
}

bool ends_failed(const struct ends *n, uint32_t pid, uint64_t from, uint64_t to)
{
	return find(n, END_FAILED, pid, from, to);
}

void ends_note(const struct live *l, struct live_store *list, size_t count)
{
	struct executions x;
	struct ends n;

	executions_read(&x, l);
	ends_read(&n, l);
	for (size_t i = 0; n.count && i < count; i++) {
		struct live_store *s = &list[i];
		const struct end *e;

		if (!s->readable || s->replaced)
			continue;
		e = ends_find(
		    &n, s->pid,
		    executions_start(&x, s->pid, s->start_mono_ns, list, count),
		    executions_next(&x, s->pid, s->start_mono_ns, list, count));
		if (!e)
			continue;
		s->ended_by = e->signal;
		s->end_mono_ns = e->time_ns;
	}
	ends_release(&n);
	executions_release(&x);
}
