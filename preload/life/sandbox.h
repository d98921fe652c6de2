/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter that the program installs.  It may kill whoever makes a call
 * that it does not list, and it cannot list refknot's: so what it denies of these
 * (denied.h) is found out before, and not done any more.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"

/* A filter that a thread is about to install. */
struct sandbox_change {
	uint64_t denies; /* of refknot's calls, a bit each: see denied.h */
	bool loads;      /* the loader may do what it must to load a library */
	bool counts;     /* for this process; a vfork child's does not */
};

/* What will that filter forbid? NULL: the strict mode. */
void sandbox_ask(struct sandbox_change *c, const struct filter *filter);
/* It is about to be installed: what it forbids is not done from here on, and
 * room is made ready while that can be done. */
void sandbox_enter(const struct sandbox_change *c);
/* It is, or the kernel did not take it. */
void sandbox_done(const struct sandbox_change *c, bool installed);

/* Note in the recording what is forbidden. */
void sandbox_note(void);

#endif
