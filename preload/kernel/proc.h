/* SPDX-License-Identifier: MIT */
/*
 * /proc, also where the program has another root directory or other mounts by
 * now, and none of it.  May run inside malloc and in a signal handler.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>

/* Open "/proc/NAME" for reading: a descriptor, or -errno. */
long proc_open(const char *name, int flags);

/* The number of the process that the descriptor `fd` stands for (pidfd_open());
 * 0: not known, or it stands for none. */
int proc_pidfd(int fd);

/*
 * That is about to come: keep a descriptor of /proc, of a high number, that a
 * program executed does not get. True: it was not kept before, so that
 * proc_forget() is to be called if nothing came.
 */
bool proc_keep(void);
void proc_forget(void);

/* After proc_keep(): is the root directory the same, and /proc there? */
bool proc_is_where_it_was(void);

#endif
