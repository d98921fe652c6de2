/* SPDX-License-Identifier: MIT */
/* Whole text files: read at once, replaced in one step. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include <stdio.h>

#define TEXT_FILE_MOST (16u << 20) /* bytes that are read */

/*
 * All of `path`, for the caller to free. Dies if it cannot be read, is neither
 * a regular file, a pipe nor /dev/null, is longer than TEXT_FILE_MOST or has
 * NUL bytes; the sentence says `what` it should be: "a baseline".
 */
char *text_file_read(const char *path, const char *what);

struct text_file {
	FILE *out;
	char *path;
	char *draft; /* beside it */
};

/* Begins a new file in place of `path`, with its mode. 0 or -errno; -EINVAL if
 * `path` is something else than a file. */
int text_file_create(struct text_file *f, const char *path);
/* Puts it in place of what was there, and releases. 0 or -errno: then what was
 * there stays. */
int text_file_commit(struct text_file *f);

#endif
