/* SPDX-License-Identifier: MIT */
/*
 * Ends the recording for good, and never the program: the reason is printed
 * once, on stderr and in the recording.
 */
#ifndef FAILURE_H
#define FAILURE_H

/* Prints "cannot WHAT" and the error; `error` is -errno. */
void failure_end(const char *what, int error);
/* The same because the store cannot be written. */
void failure_end_store(int error);

#endif
