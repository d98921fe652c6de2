/* SPDX-License-Identifier: MIT */
/*
 * The ways past the hooks.  A plug-in that was opened with RTLD_DEEPBIND, and
 * dlsym() with the C library's handle or from behind it, find the C library's
 * `malloc` and not refknot's.  So the C library's table of symbols, in memory,
 * gets the hooks' addresses in place of its own.  What is in another namespace
 * of the loader has a C library and a heap of its own: it is left alone, and
 * the report names it (unseen.c).
 */
#ifndef BYPASS_H
#define BYPASS_H

#include <stdbool.h>

#include "compiler.h"

/* Once, and only if no other allocator lies between refknot and the C library.
 * May run inside malloc. */
void bypass_close(void);

/* Whether they are closed. */
extern HIDDEN bool bypass_closed;
/* Whether that is the name of a function that leads past a hook. */
bool bypass_is_of_family(const char *name);

#endif
