/* SPDX-License-Identifier: MIT */
#include "tasks.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

#include "proc.h"
#include "process.h"
#include "sys.h"
#include "text.h"

/* include/linux/sched.h */
#define PF_IO_WORKER   0x00000010u
#define PF_USER_WORKER 0x00004000u /* since Linux 6.4; vhost has them, too */
#define PF_KTHREAD     0x00200000u
#define FLAGS_FIELD    6 /* behind the state */
#define THREADS_FIELD  17
#define BLOCKED_FIELD  29
#define BLOCKED_MOST   31 /* the highest signal that is there */

/* /proc/WHOSE/NUMBER/NAME, as far as there is room; its bytes, 0: none. */
static unsigned read_of(const char *whose, int number, const char *name,
			char *line, unsigned room)
{
	char path[64];
	struct text t = { path, sizeof(path), 0 };
	long size = 0;
	int fd;

	text_add(&t, whose);
	text_number(&t, (uint64_t)number);
	text_add(&t, name);
	fd = (int)proc_open(path, O_RDONLY);
	if (fd >= 0) {
		size = sys_read(fd, line, room - 1);
		sys_close(fd);
	}
	size = size > 0 ? size : 0;
	line[size] = '\0';
	return (unsigned)size;
}

static unsigned read_file(int tid, const char *name, char *line, unsigned room)
{
	return read_of("self/task/", tid, name, line, room);
}

/* "0x7f5a" or "-1", and the blank behind it. */
static uint64_t number(const char **at)
{
	const char *s = *at;
	const bool negative = *s == '-';
	const bool hexadecimal = s[0] == '0' && s[1] == 'x';
	uint64_t n = 0;

	s += negative ? 1 : hexadecimal ? 2 : 0;
	for (;; s++) {
		if (*s >= '0' && *s <= '9')
			n = n * (hexadecimal ? 16 : 10) + (uint64_t)(*s - '0');
		else if (hexadecimal && *s >= 'a' && *s <= 'f')
			n = n * 16 + (uint64_t)(*s - 'a' + 10);
		else
			break;
	}
	while (*s == ' ')
		s++;
	*at = s;
	return negative ? -n : n;
}

static bool is_lending(const struct task *t)
{
	uint64_t flags = 0;

	switch (t->call) {
	case SYS_vfork:
		return true;
	case SYS_clone:
		return t->arguments[0] & CLONE_VFORK;
	case SYS_clone3: /* struct clone_args begins with the flags */
		return sys_peek(process.pid, &flags, t->arguments[0], 8) == 8 &&
		       flags & CLONE_VFORK;
	default:
		return false;
	}
}

/* Only of a system call are there arguments: "-1 0x7ffd2d4e29f8 0x55d0c0". */
enum task_state tasks_look(int tid, struct task *t)
{
	char line[256];
	const char *at = line;

	memset(t, 0, sizeof(*t));
	if (!read_file(tid, "/syscall", line, sizeof(line)))
		return TASK_UNKNOWN;
	if (*line == 'r')
		return TASK_RUNS;
	t->call = (int64_t)number(&at);
	for (int i = 0; t->call != -1 && i < TASK_ARGUMENTS; i++)
		t->arguments[i] = number(&at);
	t->sp = number(&at);
	t->pc = number(&at);
	if (!t->sp)
		return tasks_kind(tid);
	return is_lending(t) ? TASK_LENDS : TASK_WAITS;
}

/* 7 (name) S 1 7 7 0 -1 64 ...: the state and what follows; NULL: no such. */
static COLD const char *read_state_of(const char *whose, int number, char *line,
				      unsigned room)
{
	const char *at;

	if (!read_of(whose, number, "/stat", line, room))
		return NULL;
	at = strrchr(line, ')');
	return at && at[1] == ' ' ? at + 2 : NULL;
}

static const char *read_state(int tid, char *line, unsigned room)
{
	return read_state_of("self/task/", tid, line, room);
}

/* The n-th number behind the state. */
static uint64_t field(const char *state, int n)
{
	const char *at = state + 2;
	uint64_t value = 0;

	for (int i = 0; i < n; i++)
		value = number(&at);
	return value;
}

COLD bool tasks_have_ended(int pid)
{
	char line[256];
	const char *state = read_state_of("", pid, line, sizeof(line));

	return state && (*state == 'Z' || *state == 'X') &&
	       field(state, THREADS_FIELD) <= 1;
}

COLD enum task_state tasks_kind(int tid)
{
	const unsigned workers = PF_IO_WORKER | PF_USER_WORKER | PF_KTHREAD;
	char line[512];
	const char *state;

	if (!sys_thread_alive(process.pid, tid))
		return TASK_OVER;
	state = read_state(tid, line, sizeof(line));
	if (!state)
		return TASK_UNKNOWN;
	if (*state == 'Z' || *state == 'X')
		return TASK_OVER;
	return (field(state, FLAGS_FIELD) & workers) ? TASK_WORKER
						     : TASK_UNKNOWN;
}

COLD bool tasks_takes(int tid, int signal)
{
	struct task task;
	char line[512];
	const char *state;

	if (signal > BLOCKED_MOST || (tasks_look(tid, &task) == TASK_WAITS &&
				      task.call == SYS_rt_sigtimedwait))
		return false;
	state = read_state(tid, line, sizeof(line));
	return state && *state != 'Z' && *state != 'X' &&
	       !(field(state, BLOCKED_FIELD) >> (signal - 1) & 1);
}

/* What stands behind "\nNAME:\t"; NULL: nowhere. */
static COLD const char *value_of(const char *text, const char *name)
{
	const size_t size = strlen(name);

	for (; *text; text++)
		if (*text == '\n' && strncmp(text + 1, name, size) == 0 &&
		    text[1 + size] == ':' && text[2 + size] == '\t')
			return text + 3 + size;
	return NULL;
}

#define STATUS 4096u /* bytes; 1,400 are usual */

COLD uint64_t tasks_switches(int tid)
{
	char text[STATUS];
	const char *at;

	read_file(tid, "/status", text, sizeof(text));
	at = value_of(text, "State");
	if (at && *at == 'R')
		return TASKS_RUNS;
	at = value_of(text, "voluntary_ctxt_switches");
	return at ? number(&at) : 0;
}

/* It may have waited when its call was read, and run when `switches` was. */
bool tasks_stood(const struct task *before, const struct task *now)
{
	return before->switches && before->switches != TASKS_RUNS &&
	       memcmp(before, now, sizeof(*before)) == 0;
}

/* 64 bits by 16 digits, the highest first. */
static bool has_signal(const char *set, int signal)
{
	const char digit = set[15 - (signal - 1) / 4];
	const int bits = digit <= '9' ? digit - '0' : digit - 'a' + 10;

	return bits >> (signal - 1) % 4 & 1;
}

COLD bool tasks_second_signal(int signal)
{
	char text[STATUS];
	const char *filters, *pending;

	read_file(sys_tid(), "/status", text, sizeof(text));
	filters = value_of(text, "Seccomp");
	pending = value_of(text, "ShdPnd");
	return filters && *filters == '0' && pending &&
	       strspn(pending, "0123456789abcdef") == 16 &&
	       !has_signal(pending, signal);
}

/* "0\t65534\t0\t0": its own and the effective one. */
static bool are_two(const char *ids)
{
	const uint64_t own = ids ? number(&ids) : 0;

	if (!ids || *ids++ != '\t')
		return false;
	return number(&ids) != own;
}

/* Both stand near the beginning. */
bool tasks_acts_for_other(char *room)
{
	read_file(sys_tid(), "/status", room, 512);
	return are_two(value_of(room, "Uid")) || are_two(value_of(room, "Gid"));
}

bool tasks_each(void (*f)(int tid, void *data), void *data)
{
	__attribute__((aligned(8))) char buffer[4096];
	int fd = (int)proc_open("self/task", O_RDONLY | O_DIRECTORY);
	int self = sys_tid();
	bool known = false; /* by the number that it has here */
	unsigned seen = 0;
	long size = -1;

	while (fd >= 0 &&
	       (size = sys_directory(fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < size;) {
			const struct sys_entry *e = (const void *)(buffer + at);
			const char *name = e->name;
			int tid = (int)number(&name);

			at += e->size;
			known |= tid == self;
			seen += tid != 0;
			if (tid)
				f(tid, data);
		}
	}
	if (fd >= 0)
		sys_close(fd);
	return size == 0 && (known || seen == 1);
}
