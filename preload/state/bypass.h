/* SPDX-License-Identifier: MIT */
/*
 * The ways past the hooks.  Who asks the C library itself for `malloc` does not
 * find refknot's: a plug-in opened with RTLD_DEEPBIND, or dlsym() of the
 * library's handle or from behind it.  In the C library's table of symbols, as
 * it lies in memory, the hooks' addresses stand therefore in place of its own.
 * What is in another namespace of the loader has a C library and a heap of its
 * own: it is left alone, and named.
 */
#ifndef BYPASS_H
#define BYPASS_H

#include "compiler.h"
#include "picture.h"

/* In the file that defines the hook: its address, whoever else has the name. */
#define BYPASS(name)                                                           \
	extern HIDDEN __typeof__(name) bypass_##name                           \
	    __attribute__((alias(#name), copy(name)));

/* Once, and only if nothing else stands between refknot and the C library. May
 * run inside malloc. */
void bypass_close(void);

/* Note in the store which modules are not seen. */
void bypass_note(struct picture *p);

#endif
