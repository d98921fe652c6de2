/* SPDX-License-Identifier: MIT */
/*
 * Programs that this one executes, noted before they begin: one that refknot
 * does not get into - static, privileged, with a cleared environment - would
 * leave no trace.  A note is a link in the directory STORE_EXECUTED beside the
 * live stores, if whoever reads them made one: "PID-NANOSECONDS", by the
 * monotonic clock, with STORE_FILTERED behind it where a filter of system calls
 * keeps the program from being recorded, or STORE_BARE where it does not load
 * this library.  It leads to where the program is for
 * everybody, as seen from here; where no look was possible, it has the path as
 * it was given, or a name and, in a second line, where it is searched for.
 * Before the former stands "=NAME" in a line, if it is started by another name.
 * Whoever sees the program fail to begin takes the note back.
 *
 * The same look finds whether this library would harm the program
 * (executable.h): then it is given an environment that does not load it.
 *
 * What the C library itself executes, by system() or popen(), is a shell, which
 * notes its own; where it must not load this library it is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <refknot/store.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "compiler.h"
#include "denied.h"
#include "environment.h"
#include "executable.h"
#include "executions.h"
#include "libc.h"
#include "notes.h"
#include "proc.h"
#include "process.h"
#include "real.h"
#include "spare.h"
#include "store.h"
#include "sys.h"
#include "tasks.h"
#include "text.h"
#include "zeros.h"

/* Unit tests of parts of the shim have none. */
#pragma weak zeros_size

/* Where a path that is not absolute begins. */
enum start {
	HERE = AT_FDCWD, /* or a descriptor of a directory */
	SEARCHED = -1,   /* a name without a slash: in PATH */
};

#define CALLED_MOST 128 /* bytes of a name that a program is started by */
#define PARTS       128 /* of 32 bytes, of the path before it */

#define OTHER_DATA (1u << 20) /* of a program, while it is loaded */

/* In memory of its own: stacks may be small. */
struct work {
	struct executable file;
	char candidate[4096];
	char called[CALLED_MOST];
};

/* A copy of an environment, for as long as it may be looked at. */
struct copy {
	size_t size; /* of all */
	char room[];
};

/* A program that is about to begin. */
struct execution {
	struct work *work; /* NULL: no memory is left */
	struct copy *copy; /* NULL: it gets what it was to be given */
	char *const *environment;
	uint64_t time;
	int pid; /* whose note was made; 0: none was */
	int start;
	bool loads;        /* it is to load this library */
	bool is_full;      /* no descriptor is left */
	bool may_be_empty; /* the path: then it is `start` */
};

/* A vfork child's copy, which whoever uses its thread-local memory next gives
 * back: it cannot itself once the program has begun. */
static _Thread_local struct copy *left;

/* Of the program that this thread is about to become; a vfork child's, too. */
static _Thread_local struct addresses narrowed;

/* --- What is executed ---------------------------------------------------------- */

/* The next place in PATH: "" is here. */
static const char *next_candidate(struct text *t, const char *list,
				  const char *name)
{
	size_t size = strcspn(list, ":");

	t->size = 0;
	for (; size; size--, list++)
		if (t->size < t->room - 1)
			t->data[t->size++] = *list;
	t->data[t->size] = '\0';
	if (t->size)
		text_add(t, "/");
	text_add(t, name);
	return *list ? list + 1 : NULL;
}

static const char *search_path(void)
{
	const char *list = environment_value(__environ, "PATH=");

	return list ? list : "/bin:/usr/bin";
}

static COLD long search(struct work *w, const char *name)
{
	struct text t = { w->candidate, sizeof(w->candidate), 0 };
	const char *list = search_path();
	long fd = -ENOENT;

	while (list && fd < 0) {
		list = next_candidate(&t, list, name);
		fd = text_whole(&t) ? executable_open(w->candidate) : -ENOENT;
	}
	return fd;
}

/* The kernel looks first whether `path` can be read at all. */
static NOINLINE long open_it(const struct execution *e, const char *path)
{
	long fd;

	if (e->start >= 0)
		return sys_open_below(e->start, path, O_PATH);
	fd = sys_open(path, O_PATH, 0);
	if (e->start != SEARCHED || fd == -EFAULT || fd == -EPERM ||
	    text_base(path) != path)
		return fd;
	if (fd >= 0)
		sys_close((int)fd);
	return search(e->work, path);
}

static COLD void look(struct execution *e, const char *path, bool descriptor)
{
	long fd = descriptor ? e->start : open_it(e, path);

	e->is_full = fd == -EMFILE;
	if (fd == -ENOENT && e->may_be_empty && !*path)
		fd = e->start;
	if (fd < 0)
		return;
	executable_look(&e->work->file, (int)fd);
	if (fd != e->start)
		sys_close((int)fd);
}

/* The base name of the path at `path`, which may be anywhere, to `to`; false: it
 * has none, or a longer one than CALLED_MOST. */
static NOINLINE bool read_base(uint64_t path, char *to)
{
	char part[32];
	long size = 0, n = sizeof(part);

	for (int i = 0; i < PARTS && n == sizeof(part); i++) {
		n = sys_peek(sys_pid(), part, path, sizeof(part));
		path += sizeof(part);
		/* As called_name() has it, a descriptor is not a name. */
		if (!i && n > 8 &&
		    (text_begins(part, "/proc/") ||
		     text_begins(part, "/dev/fd/")))
			return false;
		for (long k = 0; k < n; k++) {
			if (part[k] == '/')
				size = 0;
			else if (size < CALLED_MOST)
				to[size++] = part[k];
			if (!part[k])
				return size > 1 && !to[size - 1];
		}
	}
	return false;
}

/* What the program is started by; "": that is not known. */
static NOINLINE void look_at_name(struct work *w, char *const *arguments)
{
	uint64_t path = 0, first = ADDRESS(arguments);

	if (sys_peek(sys_pid(), &path, first, sizeof(path)) != sizeof(path) ||
	    !read_base(path, w->called))
		w->called[0] = '\0';
}

/* --- Notes ----------------------------------------------------------------------- */

static bool name_note(const struct execution *e, char *name)
{
	const char *suffix = denied_to_executed(denied_bequest())
				 ? STORE_FILTERED
			     : e->loads ? ""
					: STORE_BARE;

	return notes_name(name, e->pid, e->time, suffix);
}

/* What leads to the program, where there was no descriptor for a look, or no
 * /proc: "/from/here/a", "name\nPATH". */
static bool expand(const struct execution *e, struct text *t, const char *path)
{
	if (e->start == SEARCHED && text_base(path) == path) {
		text_add(t, path);
		text_add(t, "\n");
		text_add(t, search_path());
		return text_whole(t);
	}
	if (e->start >= 0) {
		text_add(t, "/proc/self/fd/");
		text_number(t, (uint64_t)e->start);
	} else {
		if (sys_getcwd(t->data, t->room) <= 0)
			return false;
		t->size = strlen(t->data);
	}
	text_add(t, *path ? "/" : "");
	text_add(t, path);
	return text_whole(t);
}

/* "=sh\n/usr/bin/dash", where it is known by another name than its file's. */
static const char *describe(struct work *w)
{
	struct text t = { w->candidate, sizeof(w->candidate), 0 };

	if (!*w->called || !strcmp(w->called, text_base(w->file.path)))
		return w->file.path;
	text_add(&t, "=");
	text_add(&t, w->called);
	text_add(&t, "\n");
	text_add(&t, w->file.path);
	return text_whole(&t) ? w->candidate : w->file.path;
}

/* Their own frames, for the program may begin on little stack. */
static COLD void make_note(struct execution *e, int pid, const char *path)
{
	struct work *w = e->work;
	char name[NOTES_ROOM];
	bool known = w && *w->file.path;
	const char *target = known ? describe(w) : path;
	struct text t;
	long error;

	e->pid = pid;
	error = name_note(e, name) ? sys_link(target, name) : -ENAMETOOLONG;
	if (w && ((!error && !known && *path != '/') || error == -ENOENT)) {
		t = (struct text){ w->candidate, sizeof(w->candidate), 0 };
		sys_unlink(name);
		if (expand(e, &t, path))
			error = sys_link(w->candidate, name);
	}
	if (error)
		e->pid = 0;
}

static COLD void take_back(const struct execution *e)
{
	char name[NOTES_ROOM];

	if (e->pid && name_note(e, name))
		sys_unlink(name);
}

/* --- What it is given -------------------------------------------------------------- */

/* Numbers that are looked at: with more, some are closed. */
#define FILES_MOST 1024

/* Will the loader find no number for a file? `is_full`: all are in use now. */
static bool is_out_of_files(bool is_full)
{
	uint64_t limit = sys_limit(RLIMIT_NOFILE);

	if (!limit || !is_full || limit > FILES_MOST)
		return !limit;
	for (int fd = 0; fd < (int)limit; fd++)
		if (!sys_is_inherited(fd))
			return false;
	return true;
}

/* Can this library not be loaded, or can no recording begin? A limit on data of
 * 0 is none, for the kernel, or leaves room for no program. */
static NOINLINE bool is_load_vain(uint64_t bequest, bool is_full)
{
	uint64_t data = zeros_size ? sys_limit(RLIMIT_DATA) : 0;

	return denied_to_executed(bequest) || is_out_of_files(is_full) ||
	       (data && data < zeros_size() + OTHER_DATA) ||
	       addresses_are_few();
}

static struct copy *take_copy(size_t size)
{
	struct copy *c = __atomic_exchange_n(&left, NULL, __ATOMIC_RELAXED);

	size += sizeof(*c);
	if (c && c->size < size) {
		spare_unmap(c, c->size);
		c = NULL;
	}
	if (!c)
		c = spare_map(size);
	if (c && !c->size)
		c->size = size;
	return c;
}

/* Have the program know what filters forbid, whatever list it is given; and take
 * this library out of one that it would harm, or that the loader would
 * complain of for nothing. */
static NOINLINE void change_environment(struct execution *e)
{
	uint64_t bequest = denied_bequest();
	/* The loader of a process that acts for another takes LD_PRELOAD out of
	 * the environment; where it was executed by its own path, that of glibc
	 * 2.35 and later does not survive it. */
	bool without = (e->work && e->work->file.foreign) ||
		       is_load_vain(bequest, e->is_full) ||
		       (e->work && e->work->file.loader &&
			tasks_acts_for_other(e->work->candidate));

	if ((!bequest && !without) || !environment_loads_shim(e->environment))
		return;
	e->copy = take_copy(environment_copy_size(e->environment));
	if (!e->copy)
		return;
	e->environment =
	    without ? environment_without_shim(e->copy->room, e->environment)
		    : environment_with_filters(e->copy->room, e->environment,
					       bequest);
}

/* Is the library where that environment says, as seen from here? */
static bool is_there(const struct execution *e)
{
	struct work *w = e->work;
	long fd;

	if (!w || !environment_shim(e->environment, w->candidate,
				    sizeof(w->candidate)))
		return true;
	fd = sys_open(w->candidate, O_PATH, 0);
	if (fd >= 0)
		sys_close((int)fd);
	return fd != -ENOENT && fd != -EACCES && fd != -ENOTDIR;
}

static void give_back_copy(struct execution *e)
{
	if (e->copy)
		spare_unmap(e->copy, e->copy->size);
}

static void give_back_work(struct execution *e)
{
	if (e->work)
		spare_unmap(e->work, sizeof(*e->work));
	e->work = NULL;
}

/* --- Both ---------------------------------------------------------------------------- */

/* `how`: a descriptor instead of a path, or as with execveat. */
enum how {
	BY_PATH,
	BY_DESCRIPTOR,
	BY_EITHER,
};

static NOINLINE void begin(struct execution *e, enum how how, int start,
			   const char *path, char *const *arguments,
			   char *const *environment)
{
	real_resolve();
	*e = (struct execution){ .start = start,
				 .environment = environment,
				 .may_be_empty =
				     how == BY_EITHER && start >= 0 };
	if (libc_is_secure())
		return;
	e->time = sys_clock(CLOCK_MONOTONIC);
	e->work = spare_map(sizeof(*e->work));
	if (e->work) {
		look_at_name(e->work, arguments);
		look(e, path, how == BY_DESCRIPTOR);
	}
	change_environment(e);
	e->loads = environment_loads_shim(e->environment) && is_there(e);
}

/* The program takes the place of this one. */
static void begin_here(struct execution *e, enum how how, int start,
		       const char *path, char *const *arguments,
		       char *const *environment)
{
	begin(e, how, start, path, arguments, environment);
	if (notes_wanted())
		make_note(e, sys_pid(), path);
	give_back_work(e);
	if (e->copy && !process_owns_memory())
		WRITE_ONCE(left, e->copy);
	if (!libc_is_secure())
		addresses_narrow(&narrowed, e->loads);
}

/* It has not begun. errno is the caller's. */
static int fail(struct execution *e, int result)
{
	addresses_widen(&narrowed);
	take_back(e);
	if (e->copy)
		WRITE_ONCE(left, NULL);
	give_back_copy(e);
	return result;
}

EXPORT int execve(const char *path, char *const arguments[],
		  char *const environment[])
{
	struct execution e;

	begin_here(&e, BY_PATH, HERE, path, arguments, environment);
	return fail(&e, real.execve(path, arguments, e.environment));
}

EXPORT int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, __environ);
}

EXPORT int execvpe(const char *name, char *const arguments[],
		   char *const environment[])
{
	struct execution e;

	begin_here(&e, BY_PATH, SEARCHED, name, arguments, environment);
	return fail(&e, real.execvpe(name, arguments, e.environment));
}

EXPORT int execvp(const char *name, char *const arguments[])
{
	return execvpe(name, arguments, __environ);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[])
{
	struct execution e;

	begin_here(&e, BY_DESCRIPTOR, fd, "", arguments, environment);
	return fail(&e, real.fexecve(fd, arguments, e.environment));
}

EXPORT int execveat(int directory, const char *path, char *const arguments[],
		    char *const environment[], int flags)
{
	struct execution e;

	begin_here(&e, flags & AT_EMPTY_PATH ? BY_EITHER : BY_PATH, directory,
		   path, arguments, environment);
	if (!real.execveat) {
		libc_errno = ENOSYS;
		return fail(&e, -1);
	}
	return fail(&e, real.execveat(directory, path, arguments, e.environment,
				      flags));
}

bool executions_are_by(long number)
{
	return number == SYS_execve || number == SYS_execveat;
}

COLD long executions_call(long number, const long *a)
{
	const bool at = number == SYS_execveat;
	const char *path = (const char *)a[at];
	enum how how = at && a[4] & AT_EMPTY_PATH ? BY_EITHER : BY_PATH;
	struct execution e;

	begin_here(&e, how, at ? (int)a[0] : HERE, path,
		   (char *const *)a[1 + at], (char *const *)a[2 + at]);
	if (at)
		return fail(&e,
			    (int)real_syscall(number, a[0], a[1], a[2],
					      (long)e.environment, a[4], a[5]));
	return fail(&e,
		    (int)real_syscall(number, a[0], a[1], (long)e.environment,
				      a[3], a[4], a[5]));
}

#pragma GCC diagnostic ignored "-Wvla"

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

/* What the caller gets: a child's number, or a descriptor. */
enum told_by {
	BY_PID,
	BY_PIDFD,
};

/* The number is known when the program may have begun. */
static COLD int spawn_noted(real_spawn *f, enum told_by by, int start,
			    pid_t *pid, const char *path,
			    const posix_spawn_file_actions_t *actions,
			    const posix_spawnattr_t *attributes,
			    char *const arguments[], char *const environment[])
{
	struct execution e;
	pid_t number;
	int result;

	if (!f)
		return ENOSYS;

	begin(&e, BY_PATH, start, path, arguments, environment);
	result =
	    f(&number, path, actions, attributes, arguments, e.environment);
	if (!result && pid)
		*pid = number;
	if (!result && by == BY_PIDFD)
		number = notes_wanted() ? proc_pidfd(number) : 0;
	if (!result && number && notes_wanted())
		make_note(&e, number, path);
	give_back_work(&e);
	give_back_copy(&e);
	return result;
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
		       const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *restrict attributes,
		       char *const arguments[restrict],
		       char *const environment[restrict])
{
	real_resolve();
	return spawn_noted(real.posix_spawn, BY_PID, HERE, pid, path, actions,
			   attributes, arguments, environment);
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict name,
			const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *restrict attributes,
			char *const arguments[restrict],
			char *const environment[restrict])
{
	real_resolve();
	return spawn_noted(real.posix_spawnp, BY_PID, SEARCHED, pid, name,
			   actions, attributes, arguments, environment);
}

/* Older headers do not have these two. */
real_spawn pidfd_spawn, pidfd_spawnp;
EXPORT int pidfd_spawn(int *pidfd, const char *path,
		       const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes,
		       char *const arguments[], char *const environment[])
{
	real_resolve();
	return spawn_noted(real.pidfd_spawn, BY_PIDFD, HERE, pidfd, path,
			   actions, attributes, arguments, environment);
}

EXPORT int pidfd_spawnp(int *pidfd, const char *name,
			const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes,
			char *const arguments[], char *const environment[])
{
	real_resolve();
	return spawn_noted(real.pidfd_spawnp, BY_PIDFD, SEARCHED, pidfd, name,
			   actions, attributes, arguments, environment);
}

/* --- What the C library executes itself ------------------------------------------------ */

/*
 * It gives a shell this process's environment. Where that must not have the
 * shim, a copy is there meanwhile: other threads may read it, and so it stays,
 * unless there are none.
 */
static COLD void lend(struct execution *e)
{
	begin(e, BY_PATH, HERE, "/bin/sh", NULL, __environ);
	give_back_work(e);
	if (!e->copy)
		return;
	STORE_RELEASE(__environ, (char **)(uintptr_t)e->environment);
}

/* `done`: the shell was begun. */
static COLD void take_again(const struct execution *e, char **own, bool done)
{
	char **lent = (char **)(uintptr_t)e->environment;

	if (e->copy && done && store.header && process_owns_memory())
		__atomic_add_fetch(&store.header->children, 1,
				   __ATOMIC_RELAXED);
	/* What was set meanwhile has the rest from the copy. */
	if (e->copy && CHANGE(__environ, lent, own) && *libc_single_threaded)
		spare_unmap(e->copy, e->copy->size);
}

EXPORT int system(const char *command)
{
	char **own = __environ;
	struct execution e;
	int result;

	lend(&e);
	result = real.system(command);
	take_again(&e, own, result != -1);
	return result;
}

EXPORT FILE *popen(const char *command, const char *type)
{
	char **own = __environ;
	struct execution e;
	FILE *result;

	lend(&e);
	result = real.popen(command, type);
	take_again(&e, own, result);
	return result;
}
