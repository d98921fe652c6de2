/* SPDX-License-Identifier: MIT */
/* Errors of the command line: only these end the process. */
#ifndef DIE_H
#define DIE_H

#include "xmalloc.h" /* callers of die() allocate, too */

/* Prints "refknot: " and one sentence on stderr, and exits with `status`. */
void die(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
/* Prints the same and goes on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
