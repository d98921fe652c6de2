/* SPDX-License-Identifier: MIT */
/* The recordings that a command is asked about, one in memory at a time. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include <stddef.h>

#include "reading.h"

typedef void recordings_visit(const struct reading *in, void *data);

/*
 * Visits each of `paths`, of which a number is that of a process (NULL or empty:
 * the worst process of the newest run in the working directory, see recorded.h).
 * For a recording that cannot be read, or not to its end, it prints
 * a sentence on stderr and in the end returns STATUS_INPUT; it visits the
 * others all the same. Dies if there is no recording.
 */
int recordings_each(const char **paths, recordings_visit *visit, void *data);

/* Dies: there is no recording in the working directory. */
void recordings_none(void) __attribute__((noreturn));

/* The recording that an argument means: its path, or, if no file is called so and
 * it is a number, that of the process. For the caller to free; NULL: there is
 * none, which a warning says. */
char *recordings_path(const char *word);

/* How many paths recordings_each() will try. */
size_t recordings_count(const char **paths);

#endif
