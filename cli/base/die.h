/* SPDX-License-Identifier: MIT */
/* The only part of refknot that ends the process on an error. */
#ifndef DIE_H
#define DIE_H

#include <stddef.h>

/* "refknot: " and one sentence on stderr; exit with `status`. */
void die(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
/* Nothing is said; what is written so far goes out, and nothing else is done:
 * what is allocated is the system's. die() ends so, too. */
void quit(int status) __attribute__((noreturn));
/* The same sentence, and go on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Like their namesakes, but never return NULL: out of memory dies. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t most);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
