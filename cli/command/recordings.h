/* SPDX-License-Identifier: MIT */
/* The recordings that a command is asked about, one in memory at a time. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include <stddef.h>

#include "model.h"
#include "symbols.h"

typedef void recordings_visit(const struct model *m, struct symbols *s,
			      void *data);

/*
 * Visit each of `paths` (NULL or empty: the newest *.rkn of the working
 * directory). A recording that cannot be read, or not to its end, is a
 * sentence on stderr, and STATUS_INPUT in the end; the others are visited all
 * the same. Dies when there is no recording.
 */
int recordings_each(const char **paths, recordings_visit *visit, void *data);

/*
 * The arguments "[REC] OBJECT" of command `command`: the object, and in paths[0]
 * the recording, or NULL. Dies when there are more or none.
 */
const char *recordings_object(const char **arguments, const char *command,
			      const char *paths[2]);

/* How many paths recordings_each will try. */
size_t recordings_count(const char **paths);

#endif
