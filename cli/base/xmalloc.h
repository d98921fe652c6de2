/* SPDX-License-Identifier: MIT */
/* Memory for the command line: there is enough of it, or the process ends. */
#ifndef XMALLOC_H
#define XMALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Writes out what is buffered, and exits; frees nothing. */
void quit(int status) __attribute__((noreturn));
/* What it calls between the two; NULL: nothing. */
extern void (*quit_first)(void);

/* Like their namesakes, but never return NULL: out of memory ends the process
 * with one sentence on stderr. A size of 0 is 1 here. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t most);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

#endif
