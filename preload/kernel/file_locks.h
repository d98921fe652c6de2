/* SPDX-License-Identifier: MIT */
/*
 * Locks of fcntl() on files: a process loses its own when it closes any
 * descriptor of the file. So the shim must not open a locked file to look at
 * it; O_PATH does not count as that.
 */
#ifndef FILE_LOCKS_H
#define FILE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys.h"

struct file_locks {
	/* Room to work: stacks may be small. */
	_Alignas(8) char room[1024];
	char number[24];
	struct stat st;
};

/* Whether /proc/locks has such a lock on a file with that inode number. Another file
 * system may have a file of the same number. The kernel may let a reader wait 10 ms
 * for all processors. */
bool file_locks_listed(struct file_locks *l, uint64_t inode);

/* Whether this process may have such a lock on that file: it is listed, and a
 * descriptor of it is open, not by O_PATH. That is looked at first. */
bool file_locks_have(struct file_locks *l, const struct sys_identity *file);

#endif
