/* SPDX-License-Identifier: MIT */
/*
 * What ends recording for good, never the program: why is said once, on stderr
 * and in the recording.
 */
#ifndef FAILURE_H
#define FAILURE_H

/* "cannot WHAT" and the error: `error` is -errno. */
void failure_end(const char *what, int error);
/* The same because the store cannot be written. */
void failure_end_store(int error);

#endif
