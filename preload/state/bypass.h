/* SPDX-License-Identifier: MIT */
/*
 * The ways past the hooks.  Who asks the C library itself for `malloc` does not
 * find refknot's: a plug-in opened with RTLD_DEEPBIND, or dlsym() of the
 * library's handle or from behind it.  In the C library's table of symbols, as
 * it lies in memory, the hooks' addresses stand therefore in place of its own.
 * What is in another namespace of the loader has a C library and a heap of its
 * own: it is left alone, and named (unseen.h).
 */
#ifndef BYPASS_H
#define BYPASS_H

#include <stdbool.h>

#include "compiler.h"

/* Once, and only if nothing else stands between refknot and the C library. May
 * run inside malloc. */
void bypass_close(void);

/* They are closed. */
extern HIDDEN bool bypass_closed;
/* Is that a name of a function that leads past a hook? */
bool bypass_is_of_family(const char *name);

#endif
