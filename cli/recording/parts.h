/* SPDX-License-Identifier: MIT */
/*
 * The recordings in one file, which are its parts.
 *
 * A part has a name, which is what commands take for a recording: the first has the
 * file's, the others have their process's number behind it, "r.rkn:4712". Of
 * several of one process the second is "r.rkn:4712.2". One that does not say whose
 * it is, for its start is damaged, has number 0. A file of that name is not seen.
 */
#ifndef PARTS_H
#define PARTS_H

#include <refknot/format.h>
#include <stdbool.h>
#include <stddef.h>

struct part {
	uint64_t at, size;    /* bytes: where in the file, and how many */
	size_t number;        /* of its process in the file, from 1 */
	struct rkn_meta meta; /* all 0: it cannot be read */
};

struct parts {
	struct part *list;
	size_t count;
};

/*
 * Finds the parts of `path`, for the caller to release. A damaged one costs only
 * itself. 0, -errno, or -EPROTO for what is not a finished recording, with nothing
 * to release.
 */
int parts_read(struct parts *p, const char *path);
void parts_release(struct parts *p);

/* "PATH:PID.NUMBER", for the caller to free: the name of a part that is not the
 * first, but the `number`th of that process, from 1. */
char *parts_called(const char *path, uint32_t pid, size_t number);
/* The name of part `i` of `path`, for the caller to free. */
char *parts_name(const struct parts *p, size_t i, const char *path);

/* Whether `word` is a name of a recording, that of a file or of a part, by its
 * form. */
bool parts_is_name(const char *word);

/* The file that `name` is a part of: "r.rkn" for "r.rkn:4712". A copy of `name` if it
 * has not that form, or if only a file called `name` exists. For the caller to free. */
char *parts_file(const char *name);
/* Whether there is a file that `name` may be a part of. */
bool parts_is_part(const char *name);

/*
 * Opens the file of recording `name`, with open(2)'s `flags` and those that a file
 * of unknown kind needs. Returns a descriptor and says which part is meant: all of
 * what is not a finished recording. -errno, or -ESRCH: the file has no such part.
 */
int parts_open(const char *name, int flags, struct part *part);

#endif
