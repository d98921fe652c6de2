/* SPDX-License-Identifier: MIT */
/* What the kernel says about processes that still exist, or did a moment ago.
 */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether any process has the file open to write, or mapped so. The kernel
 * gives a lease to read only if none has. True if it does not say: for a file
 * of another user's, or without leases. (It is true for a forked child, too,
 * which has its parent's mappings.)
 */
bool processes_write(const char *path);

/*
 * Whether process `pid` has `path` mapped; true when that cannot be seen. A
 * process in a pid namespace of its own has that number only for itself: here
 * the number may be unused, or another process's, whose mappings can perhaps
 * not be seen.
 */
bool processes_map(uint32_t pid, const char *path);

/* Whether the process was sent SIGKILL, or has ended already. */
bool processes_is_killed(uint32_t pid);

/* "/usr/bin/server": what a process runs; "a process" where that cannot be
 * seen. The caller frees it. */
char *processes_program(uint32_t pid);

/* The name that it was started by; that of `program` where that cannot be seen.
 * The caller frees it. */
char *processes_called(uint32_t pid, const char *program);

/* Calls `f` for each process that was started with `directory` for its
 * recordings, but not for the caller. */
void processes_each(const char *directory, void (*f)(uint32_t pid, void *data),
		    void *data);

/* Whether there is any such process. */
bool processes_any(const char *directory);

#endif
