/* SPDX-License-Identifier: MIT */
/*
 * The allocator behind us: the next definition in the search order, and until
 * that is known glibc's own, so that no bootstrap pool is needed.
 *
 * reallocarray, cfree and the sized frees are not asked for: the C library's
 * call realloc and free by their public names, and each would be seen twice.
 */
#ifndef REAL_H
#define REAL_H

#include "compiler.h"

#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>

struct rusage;

typedef int real_spawn(pid_t *, const char *,
		       const posix_spawn_file_actions_t *,
		       const posix_spawnattr_t *, char *const[], char *const[]);
typedef void (*real_signal(int, void (*)(int)))(int);

/* The malloc family as the C library has it. */
#define REAL_FAMILY                                                            \
	void *(*malloc)(size_t);                                               \
	void *(*calloc)(size_t, size_t);                                       \
	void *(*realloc)(void *, size_t);                                      \
	void (*free)(void *);                                                  \
	int (*posix_memalign)(void **, size_t, size_t);                        \
	void *(*aligned_alloc)(size_t, size_t);                                \
	void *(*memalign)(size_t, size_t);                                     \
	void *(*valloc)(size_t);                                               \
	void *(*pvalloc)(size_t);
struct real_family {
	REAL_FAMILY
};

struct real {
	union {
		struct {
			REAL_FAMILY
		};
		struct real_family family;
	};
	size_t (*usable_size)(void *); /* malloc_usable_size */
	void (*exit_now)(int);         /* _exit */
	void (*exit_now2)(int);        /* _Exit */
	int (*dlclose)(void *);
	void *(*mmap)(void *, size_t, int, int, int, int64_t);
	void *(*mmap64)(void *, size_t, int, int, int, int64_t);
	int (*munmap)(void *, size_t);
	int (*mprotect)(void *, size_t, int);
	int (*pkey_mprotect)(void *, size_t, int, int);
	int (*madvise)(void *, size_t, int);
	void *(*mremap)(void *, size_t, size_t, int, void *);
	void *(*sbrk)(intptr_t);
	int (*brk)(void *);
	int (*sigaction)(int, const struct sigaction *, struct sigaction *);
	real_signal *signal;      /* bsd_signal and ssignal are the same */
	real_signal *sysv_signal; /* as is __sysv_signal */
	real_signal *sigset;
	int (*siginterrupt)(int, int);
	int (*sigwaitinfo)(const sigset_t *, siginfo_t *);
	int (*sigtimedwait)(const sigset_t *, siginfo_t *,
			    const struct timespec *);
	int (*sigaltstack)(const stack_t *, stack_t *);
	int (*prctl)(int, ...);
	int (*prlimit64)(int, int, const void *, void *);
	int (*execve)(const char *, char *const[], char *const[]);
	int (*execvpe)(const char *, char *const[], char *const[]);
	int (*fexecve)(int, char *const[], char *const[]);
	int (*execveat)(int, const char *, char *const[], char *const[], int);
	real_spawn *posix_spawn, *posix_spawnp;
	pid_t (*wait)(int *);
	pid_t (*waitpid)(pid_t, int *, int);
	pid_t (*wait3)(int *, int, struct rusage *);
	pid_t (*wait4)(pid_t, int *, int, struct rusage *);
	int (*waitid)(idtype_t, id_t, siginfo_t *, int);
	int (*mlockall)(int), (*munlockall)(void);
	int (*mlock2)(const void *, size_t, unsigned); /* NULL: it has none */
	int (*system)(const char *);
	FILE *(*popen)(const char *, const char *);
	real_spawn *pidfd_spawn, *pidfd_spawnp; /* NULL: before glibc 2.39 */
#define PRIVILEGE(name, parameters, arguments, hides) int(*name) parameters;
#include "privileges.def"
#undef PRIVILEGE
#define KILL(name, parameters, arguments, pid, tid) int(*name) parameters;
#include "kills.def"
#undef KILL
};

/* Every member may be called at any time. */
extern HIDDEN struct real real;

/* What __libc_malloc, __libc_free and their like are without refknot; known
 * after real_resolve(). */
extern HIDDEN struct real_family real_private;

/* syscall(): the number and six arguments. May be called at any time. */
extern HIDDEN long (*real_syscall)(long, long, long, long, long, long, long);

/* Where swapcontext() and setcontext() go on; real_resolve() sets them. */
extern HIDDEN void *real_swapcontext, *real_setcontext;

/* The C library's own, found in its table of symbols; a member that it lacks is
 * NULL. Known after real_resolve(), too. */
const struct real_family *real_libc(void);

/* Finds the definitions, once. May run inside malloc. */
void real_resolve(void);

/* Whether the next malloc is glibc's; known after real_resolve(). */
bool real_is_glibc(void);

/* Whether all of them are the C library's, so that no other allocator lies in
 * between when the C library calls its own. */
bool real_is_alone(void);

/* Whether the library of the next malloc also has C++'s operators, and the
 * program uses them or the C++ library. Then what new allocates is not seen. */
bool real_hides_operators(void);

#endif
