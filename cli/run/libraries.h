/* SPDX-License-Identifier: MIT */
/* The libraries that a program is loaded with, as its loader finds them. */
#ifndef LIBRARIES_H
#define LIBRARIES_H

#include <stddef.h>
#include <stdio.h>

struct library {
	char *name; /* "libc.so.6" */
	char *path; /* NULL: not found */
};

struct libraries {
	struct library *list;
	size_t count;
};

/*
 * Asks `loader`, the C library's, for the libraries of `program`, without
 * running it. 0 or -errno; on failure there is nothing to release.
 */
int libraries_list(struct libraries *l, const char *loader,
		   const char *program);
/* Adds what a loader wrote to `f`; `l` is all zero at first. */
void libraries_read(struct libraries *l, FILE *f);
void libraries_release(struct libraries *l);

#endif
