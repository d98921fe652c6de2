/* SPDX-License-Identifier: MIT */
/* The one file that a command writes. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether `path` means the standard output: NULL or "-". */
bool output_is_standard(const char *path);

/*
 * Opens it. A file appears when it is closed, and what was there stays until then;
 * a device or a pipe is written as it is. One at a time. Dies, in the name of
 * `command`, if it cannot be written.
 */
FILE *output_open(const char *command, const char *path);
void output_close(FILE *out);

#endif
