/* SPDX-License-Identifier: MIT */
/*
 * Locks of fcntl() on whole files: a process loses its own when it closes any
 * descriptor of the file, so what is locked must not be opened to be looked at.
 * O_PATH opens nothing.
 */
#ifndef FILE_LOCKS_H
#define FILE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct file_locks {
	char lines[1024]; /* room to work: stacks may be small */
};

/* Has any process such a lock on the file of that number, as far as the kernel
 * tells? Numbers are of one file system, so it may be another file's. */
bool file_locks_have(struct file_locks *l, uint64_t inode);

#endif
