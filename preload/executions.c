/* SPDX-License-Identifier: MIT */
/*
 * Programs that this one executes, noted before they begin: one that refknot
 * does not get into - static, privileged, with a cleared environment - would
 * leave no trace.  A note is a link in the directory STORE_EXECUTED beside the
 * live stores, if whoever reads them made one: "PID-NANOSECONDS", by the
 * monotonic clock, with STORE_FILTERED behind it where a filter of system calls
 * keeps the program from being recorded.  It leads to the program's path, or has
 * a name and, in a second line, where it is searched for.  One system call, no
 * descriptor, and nothing that a limit on files ends.  Whoever sees the program
 * fail to begin takes the note back.
 *
 * What the C library itself executes, by system() or popen(), is a shell, which
 * notes its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <refknot/store.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "environment.h"
#include "process.h"
#include "real.h"
#include "sandbox.h"
#include "sys.h"
#include "text.h"

#define NAME_ROOM 512 /* longer names are not noted: stacks may be small */
#define PATH_ROOM 1024

struct note {
	char name[NAME_ROOM];
};

static bool can_note(void)
{
	return process.settings.children && *process.directory &&
	       !environment_is_secure();
}

/* Where a path that is not absolute begins. */
enum start {
	HERE = AT_FDCWD, /* or a descriptor of a directory */
	SEARCHED = -1,   /* a name without a slash: in PATH */
};

static bool name_note(struct note *n, int pid, uint64_t time)
{
	struct text t = { n->name, sizeof(n->name), 0 };

	text_add(&t, process.directory);
	text_add(&t, "/" STORE_EXECUTED "/");
	text_number(&t, (uint64_t)pid);
	text_add(&t, "-");
	text_number(&t, time);
	if (sandbox_bequest_denies_start(sandbox_bequest()))
		text_add(&t, STORE_FILTERED);
	return text_whole(&t);
}

static bool add_descriptor(struct text *t, int fd)
{
	char link[64];
	struct text l = { link, sizeof(link), 0 };
	long size;

	text_add(&l, "/proc/self/fd/");
	text_number(&l, (uint64_t)fd);
	size = sys_readlink(link, t->data, t->room - 1);
	t->size = size > 0 ? (size_t)size : 0;
	t->data[t->size] = '\0';
	return size > 0;
}

/* What leads to the program: "/from/here/a", "name\nPATH". */
static bool expand(struct text *t, const char *path, int start)
{
	const char *list;

	if (start == SEARCHED && text_base(path) == path) {
		list = getenv("PATH");
		text_add(t, path);
		text_add(t, "\n");
		text_add(t, list ? list : "/bin:/usr/bin");
		return text_whole(t);
	}
	if (start >= 0) {
		if (!add_descriptor(t, start))
			return false;
	} else {
		if (sys_getcwd(t->data, t->room) <= 0)
			return false;
		t->size = strlen(t->data);
	}
	text_add(t, "/");
	text_add(t, path);
	return text_whole(t);
}

/* The kernel looks first whether `path` can be read at all. -errno: no note. */
static long make_note(struct note *n, int pid, uint64_t time, const char *path,
		      int start)
{
	char buffer[PATH_ROOM];
	struct text t = { buffer, sizeof(buffer), 0 };
	long error =
	    name_note(n, pid, time) ? sys_link(path, n->name) : -ENAMETOOLONG;

	if (!error && *path != '/' && expand(&t, path, start)) {
		sys_unlink(n->name);
		error = sys_link(buffer, n->name);
	}
	if (error)
		n->name[0] = '\0';
	return error;
}

static long note(struct note *n, const char *path, int start)
{
	real_resolve();
	n->name[0] = '\0';
	return can_note() ? make_note(n, sys_pid(), sys_clock(CLOCK_MONOTONIC),
				      path, start)
			  : 0;
}

static void note_descriptor(struct note *n, int fd)
{
	char path[PATH_ROOM];
	struct text t = { path, sizeof(path), 0 };

	note(n, add_descriptor(&t, fd) ? path : "/proc/self/fd", HERE);
}

/* It has not begun. errno is the caller's. */
static int take_back(const struct note *n, int result)
{
	if (n->name[0])
		sys_unlink(n->name);
	return result;
}

/*
 * As long as the caller's list is, so much stack is taken; nothing where no
 * filter stands.
 */
#pragma GCC diagnostic ignored "-Wvla"

/* Have the program know what filters forbid, whatever list it is given. */
#define TELL_FILTERS(environment)                                              \
	uint64_t bequest = sandbox_bequest();                                  \
	char variable[ENVIRONMENT_FILTERS_SIZE];                               \
	char *told[bequest ? environment_count(environment) + 2 : 1];          \
	if (bequest)                                                           \
	environment =                                                          \
	    environment_with_filters(environment, bequest, told, variable)

EXPORT int execve(const char *path, char *const arguments[],
		  char *const environment[])
{
	struct note n;

	note(&n, path, HERE);
	TELL_FILTERS(environment);
	return take_back(&n, real.execve(path, arguments, environment));
}

EXPORT int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, __environ);
}

EXPORT int execvpe(const char *name, char *const arguments[],
		   char *const environment[])
{
	struct note n;

	note(&n, name, SEARCHED);
	TELL_FILTERS(environment);
	return take_back(&n, real.execvpe(name, arguments, environment));
}

EXPORT int execvp(const char *name, char *const arguments[])
{
	return execvpe(name, arguments, __environ);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[])
{
	struct note n;

	note_descriptor(&n, fd);
	TELL_FILTERS(environment);
	return take_back(&n, real.fexecve(fd, arguments, environment));
}

EXPORT int execveat(int directory, const char *path, char *const arguments[],
		    char *const environment[], int flags)
{
	struct note n;
	long error = note(&n, path, directory);

	if (flags & AT_EMPTY_PATH && error == -ENOENT)
		note_descriptor(&n, directory);
	if (!real.execveat) {
		errno = ENOSYS;
		return take_back(&n, -1);
	}
	TELL_FILTERS(environment);
	return take_back(
	    &n, real.execveat(directory, path, arguments, environment, flags));
}

/*
 * The arguments of execl and its kin are where a list of them can be made of:
 * as many as the caller has put there, and so much stack is taken.
 */

static size_t count(va_list more)
{
	size_t n = 1;

	while (va_arg(more, char *))
		n++;
	return n;
}

static void collect(char **list, const char *first, va_list more)
{
	*list = (char *)(uintptr_t)first;
	while (*list++)
		*list = va_arg(more, char *);
}

#define LIST_OF_ARGUMENTS(first)                                               \
	va_list more, again;                                                   \
	va_start(more, first);                                                 \
	va_copy(again, more);                                                  \
	char *list[count(again) + 1];                                          \
	va_end(again);                                                         \
	collect(list, first, more)

EXPORT int execl(const char *path, const char *first, ...)
{
	LIST_OF_ARGUMENTS(first);
	va_end(more);
	return execv(path, list);
}

EXPORT int execlp(const char *name, const char *first, ...)
{
	LIST_OF_ARGUMENTS(first);
	va_end(more);
	return execvp(name, list);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *const *environment;

	LIST_OF_ARGUMENTS(first);
	environment = va_arg(more, char *const *);
	va_end(more);
	return execve(path, list, environment);
}

/* The number is known when the program may have begun. */
static int spawn_noted(real_spawn *f, int start, pid_t *pid, const char *path,
		       const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes,
		       char *const arguments[], char *const environment[])
{
	uint64_t time = sys_clock(CLOCK_MONOTONIC);
	struct note n;
	pid_t number;
	int result;

	TELL_FILTERS(environment);
	result = f(&number, path, actions, attributes, arguments, environment);
	if (result)
		return result;
	if (pid)
		*pid = number;
	if (can_note())
		make_note(&n, number, time, path, start);
	return 0;
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
		       const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *restrict attributes,
		       char *const arguments[restrict],
		       char *const environment[restrict])
{
	real_resolve();
	return spawn_noted(real.posix_spawn, HERE, pid, path, actions,
			   attributes, arguments, environment);
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict name,
			const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *restrict attributes,
			char *const arguments[restrict],
			char *const environment[restrict])
{
	real_resolve();
	return spawn_noted(real.posix_spawnp, SEARCHED, pid, name, actions,
			   attributes, arguments, environment);
}
