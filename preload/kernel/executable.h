/* SPDX-License-Identifier: MIT */
/*
 * A file that is about to be executed: what leads to it, and whether this
 * library may be loaded into what it begins.  Nothing here takes a lock or
 * needs much stack; all of it may run in a vfork child.
 */
#ifndef EXECUTABLE_H
#define EXECUTABLE_H

#include <elf.h>
#include <stdbool.h>

#include "file_locks.h"

#define EXECUTABLE_HEAD     256 /* of a script; the kernel looks at no more */
#define EXECUTABLE_SEGMENTS 64  /* that are looked at */

struct executable {
	char path[4096]; /* absolute, links followed; "": cannot tell */
	bool foreign;    /* loaded into it, this library would end it, or make
			    its loader complain; false: also of what cannot be
			    read, or is locked */
	bool loader;     /* it is glibc's loader itself */
	/* Room to work: stacks may be small. */
	Elf64_Phdr segments[EXECUTABLE_SEGMENTS];
	unsigned segment_count;
	Elf64_Dyn entries[64];
	char head[EXECUTABLE_HEAD];
	char interpreter[EXECUTABLE_HEAD + 1];
	char link[64];
	struct file_locks locks;
};

/* Open what may be executed, a regular file, to be looked at, not to be read:
 * `path` as it is seen from here. A descriptor, or -errno. */
long executable_open(const char *path);

/* Look at the file that is open as `fd`. */
void executable_look(struct executable *x, int fd);

#endif
