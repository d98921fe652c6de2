/* SPDX-License-Identifier: MIT */
/*
 * What seccomp filters, the program's own and those that it was started under,
 * leave of refknot's system calls.  A filter may kill whoever makes a call that it does not list, and it cannot
 * list refknot's: so those are found out before it is installed, and are not
 * made any more.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "sys.h"

/* A filter that a thread is about to install. */
struct sandbox_change {
	uint64_t allows; /* of refknot's calls, a bit each */
	bool narrow;     /* it forbids some */
	bool loads;      /* the loader may do what it must to load a library */
	bool counts;     /* for this process; a vfork child's does not */
};

/* What will that filter forbid? NULL: the strict mode. */
void sandbox_ask(struct sandbox_change *c, const struct filter *filter);
/* It is about to be installed: what it forbids is not done from here on, and
 * room is made ready while that can be done. */
void sandbox_enter(struct sandbox_change *c);
/* It is, or the kernel did not take it. */
void sandbox_done(const struct sandbox_change *c, bool installed);

/* In a forked child, of one thread: what others of its parent's were about to
 * install may hold here, too, and what its parent had as a vfork child does. */
void sandbox_forked(void);

/* Filters that stood before this program was executed, as its environment tells
 * of them: to be called before the first system call, and each time where that
 * may be. Whoever gave it that environment can forbid refknot's calls only. */
void sandbox_inherit(void);
/* What a program that this one executes inherits; see ENVIRONMENT_FILTERS. */
uint64_t sandbox_bequest(void);
/* Can a program that inherits this begin no recording, or the loader not even
 * load this library? */
bool sandbox_bequest_denies_start(uint64_t bequest);

/* Is a call forbidden that a snapshot cannot do without? */
bool sandbox_denies_snapshot(void);
/* Is one that makes room in the store? */
bool sandbox_denies_growth(void);
/* Is one that a forked child's own recording would begin with? */
bool sandbox_denies_start(void);
/* Note in the recording what is forbidden. */
void sandbox_note(void);

#endif
