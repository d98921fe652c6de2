/* SPDX-License-Identifier: MIT */
/* What the recordings of one run are called, and whether they can be made. */
#ifndef RECORDING_PATH_H
#define RECORDING_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define RECORDING_PATH_SUFFIX ".rkn"

/* Directory of `file` (NULL: the working directory); the caller frees it. */
char *recording_path_directory(const char *file);

/* 0, or the -errno of making a file in `directory` now. */
int recording_path_check(const char *directory);
/* What is in the way, for -errno of that: the end of a sentence. */
const char *recording_path_reason(int error);

/*
 * Why the recording must not replace what `file` is now, as the end of a
 * sentence about it; NULL if it may. It may replace a recording or an empty
 * file, and no link.
 */
const char *recording_path_refusal(const char *file);

/*
 * "PROGRAM.PID.rkn", for the caller to free. A name that is taken gets .2, .3 before
 * the suffix, to .999.
 */
char *recording_path_name(const char *program, uint32_t pid);

#endif
