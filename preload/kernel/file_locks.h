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

struct file_locks {
	char lines[1024]; /* room to work: stacks may be small */
};

/* Whether /proc/locks has a lock on a file with that inode number. Another file
 * system may have a file of the same number. */
bool file_locks_have(struct file_locks *l, uint64_t inode);

#endif
