/* SPDX-License-Identifier: MIT */
/*
 * /proc, even if the program has another root directory or other mounts by now,
 * where it is missing.  May run inside malloc and in a signal handler.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>

/* Opens "/proc/NAME" for reading. Returns a descriptor or -errno. */
long proc_open(const char *name, int flags);

/* The number of the process that the descriptor `fd` means (pidfd_open()); 0 if
 * it means none or that is not known. */
int proc_pidfd(int fd);

/*
 * The root directory or mounts are about to change: keeps a descriptor of
 * /proc, with a high number, which an executed program does not get. True if
 * none was kept before: then call proc_forget() if nothing changed after all.
 */
bool proc_keep(void);
void proc_forget(void);

/* After proc_keep(): whether the root directory is the same and has /proc. */
bool proc_is_where_it_was(void);

#endif
