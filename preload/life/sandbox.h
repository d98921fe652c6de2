/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter that the program installs.  It may kill a process for a call
 * that it does not list, and it cannot list refknot's: so the calls of these
 * that it denies (denied.h) are found out before, and not made any more.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"

/* A filter that a thread is about to install. */
struct sandbox_change {
	uint64_t denies; /* of refknot's calls, a bit each: see denied.h */
	bool loads;      /* the loader can still load a library */
	bool counts;     /* for this process; a vfork child's does not */
};

/* Finds out what that filter will forbid; NULL: the strict mode. */
void sandbox_ask(struct sandbox_change *c, const struct filter *filter);
/* It is about to be installed: from now on the shim does not do what it
 * forbids, and makes room while it still can. */
void sandbox_enter(const struct sandbox_change *c);
/* It is installed, or the kernel refused it. */
void sandbox_done(const struct sandbox_change *c, bool installed);

/* Notes in the recording what is forbidden. */
void sandbox_note(void);

#endif
