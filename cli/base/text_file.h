/* SPDX-License-Identifier: MIT */
/* Whole text files: read at once, replaced in one step. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include <stdio.h>

#define TEXT_FILE_MOST (16u << 20) /* bytes that are read */

/*
 * All of `path`, for the caller to free. Dies when it cannot be read, is no
 * file, pipe or /dev/null, is longer than TEXT_FILE_MOST or has NUL bytes in it; `what` it should
 * be is in the sentence: "a baseline".
 */
char *text_file_read(const char *path, const char *what);

struct text_file {
	FILE *out;
	char *path;
	char *draft; /* beside it */
};

/* 0 or -errno, -EINVAL for what is there and no file. Its mode stays. */
int text_file_create(struct text_file *f, const char *path);
/* Put it in place of what was there, and release. 0 or -errno: then what was
 * there is as it was. */
int text_file_commit(struct text_file *f);

#endif
