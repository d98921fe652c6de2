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

/* Numbers of processes: `first` to `last`, or round the greatest one if that is less. */
struct processes_range {
	uint32_t first, last;
};
#define PROCESSES_ALL ((struct processes_range){ 0, UINT32_MAX })

/*
 * What can have the number of a process that began after process `pid`, which began
 * after `begun_ns` (monotonic): the kernel gives numbers in turn, and to give all of
 * them takes some time. All where more than half of that time has passed, or where
 * the kernel does not say which number was the last.
 */
struct processes_range processes_since(uint32_t pid, uint64_t begun_ns);

/* Calls `f` for each process with such a number that was started with `directory`
 * for its recordings, but not for the caller. */
void processes_each(const char *directory, struct processes_range range,
		    void (*f)(uint32_t pid, void *data), void *data);

/* Whether there is any such process. */
bool processes_any(const char *directory);

#endif
