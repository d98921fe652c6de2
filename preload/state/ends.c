/* SPDX-License-Identifier: MIT */
/*
 * The notes are beside those of executions.c: what a parent waited for, whom
 * SIGKILL was sent to, and who has no store though the shim was in it.  Exits are
 * not noted: they are many, and who exits tells it itself.  But where SIGKILL was
 * sent, the process may have exited before.
 */
#include "ends.h"

#include <fcntl.h>
#include <refknot/store.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

#include "aside.h"
#include "compiler.h"
#include "notes.h"
#include "process.h"
#include "sys.h"
#include "tasks.h"
#include "text.h"

#define EVERYBODY (-1)      /* as a group, as kill() has it */
#define PID_MOST  (4 << 20) /* the kernel has no higher numbers */

static bool sent; /* SIGKILL, by this process, to anybody; atomic */

struct note {
	int pid; /* of a group, as kill() has it: 0 or below */
	int value;
	uint64_t time;
	const char *suffix;
};

static COLD void make(const struct note *n)
{
	char name[NOTES_ROOM], target[64];
	struct text t = { target, sizeof(target), 0 };

	text_number(&t, (uint64_t)n->value);
	text_add(&t, " ");
	text_number(&t, (uint64_t)sys_pid());
	if (notes_name(name, n->pid, n->time, n->suffix))
		sys_link(target, name);
}

static void make_one(void *note)
{
	make(note);
}

/* The kernel takes a signal for a process that has ended, too. */
static COLD void make_sent(void *note)
{
	const struct note *n = note;

	if (!tasks_have_ended(n->pid))
		make(n);
}

static COLD void note_one(int pid, int value, const char *suffix)
{
	struct note n = { pid, value, sys_clock(CLOCK_MONOTONIC), suffix };

	if (notes_wanted())
		aside(make_one, &n);
}

COLD void ends_waited(int pid, int status)
{
	if (WIFSIGNALED(status))
		note_one(pid, WTERMSIG(status), STORE_ENDED);
	else if (WIFEXITED(status) && READ_ONCE(sent))
		note_one(pid, 0, STORE_ENDED);
}

COLD void ends_note_failure(void)
{
	note_one(sys_pid(), 0, STORE_FAILED);
}

/* --- Groups ------------------------------------------------------------------------- */

static COLD void each_name(const char *path, const struct note *n,
			   void (*f)(const char *name, const struct note *n))
{
	__attribute__((aligned(8))) char buffer[4096];
	int fd = (int)sys_open(path, O_RDONLY | O_DIRECTORY, 0);
	long size;

	while (fd >= 0 &&
	       (size = sys_directory(fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < size;) {
			const struct sys_entry *e = (const void *)(buffer + at);

			at += e->size;
			f(e->name, n);
		}
	if (fd >= 0)
		sys_close(fd);
}

/* "17-123456789": a note; "name.17.rkn": a store. Other numbers in its name do no
 * harm, for each is looked at. */
static COLD void note_member(const char *name, const struct note *group)
{
	struct note n = *group;

	for (const char *c = name; *c;) {
		uint64_t pid;
		int its;

		if (text_digit(*c, 10) < 0 || (c > name && c[-1] != '.')) {
			c++;
			continue;
		}
		pid = text_read(&c, 10);
		if (pid <= 1 || pid > PID_MOST)
			continue;
		n.pid = (int)pid;
		its = sys_group_of(n.pid);
		if (its > 0 && (group->pid == EVERYBODY || its == -group->pid))
			make_sent(&n);
	}
}

static void take_back_of(const char *name, const struct note *group)
{
	uint64_t pid = text_read(&name, 10);
	char path[NOTES_ROOM];

	if (pid <= PID_MOST &&
	    notes_name(path, (int)pid, group->time, STORE_SENT))
		sys_unlink(path);
}

static COLD void note_group(void *note)
{
	char notes[NOTES_ROOM];

	if (notes_directory(notes))
		each_name(notes, note, note_member);
	each_name(process.directory, note, note_member);
}

static COLD void take_back(void *note)
{
	const struct note *n = note;
	char notes[NOTES_ROOM];

	if (n->pid > 0 && notes_name(notes, n->pid, n->time, STORE_SENT))
		sys_unlink(notes);
	else if (notes_directory(notes))
		each_name(notes, note, take_back_of);
}

/* The own group by its number. */
static int group_of(int pid)
{
	return pid ? pid : -sys_group();
}

COLD uint64_t ends_sending(int pid)
{
	struct note n = { group_of(pid), 0, sys_clock(CLOCK_MONOTONIC),
			  STORE_SENT };

	if (!notes_wanted())
		return 0;
	WRITE_ONCE(sent, true);
	aside(n.pid > 0 ? make_sent : note_group, &n);
	return n.time;
}

COLD void ends_not_sent(int pid, uint64_t time)
{
	struct note n = { group_of(pid), 0, time, STORE_SENT };

	if (time)
		aside(take_back, &n);
}
