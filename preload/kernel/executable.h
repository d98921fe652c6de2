/* SPDX-License-Identifier: MIT */
/*
 * A file that is about to be executed: its path, and whether this library may
 * be loaded into the program.  Nothing here takes a lock or needs much stack;
 * all of it may run in a vfork child.
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
	bool foreign;    /* this library would end the program, or make its
			    loader complain; false also if the file cannot be
			    read or is locked */
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

/* Opens a regular file that may be executed with O_PATH: `path` as this process
 * sees it. Returns a descriptor or -errno. */
long executable_open(const char *path);

/* Fills `x` from the file that is open as `fd`. */
void executable_look(struct executable *x, int fd);

#endif
