/* SPDX-License-Identifier: MIT */
/* The recordings that a command is asked about, one in memory at a time. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include <stddef.h>

#include "reading.h"

typedef void recordings_visit(const struct reading *in, void *data);

/*
 * Visits each of `paths` (NULL or empty: the newest *.rkn of the working
 * directory). For a recording that cannot be read, or not to its end, it prints
 * a sentence on stderr and in the end returns STATUS_INPUT; it visits the
 * others all the same. Dies if there is no recording.
 */
int recordings_each(const char **paths, recordings_visit *visit, void *data);

/* How many paths recordings_each() will try. */
size_t recordings_count(const char **paths);

#endif
