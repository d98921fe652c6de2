/* SPDX-License-Identifier: MIT */
/*
 * Which of refknot's own system calls seccomp filters deny, of those that
 * common/calls.def lists: filters that stand, and ones that are about to be
 * installed.  What is denied is not made (sys_forbidden).  sandbox.h has what else
 * is done about it.  In a mask there is a bit for each row of that list.
 */
#ifndef DENIED_H
#define DENIED_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"

/* What a call is for, if it is missed without. */
enum denied_need {
	DENIED_OPTIONAL = 1,
	DENIED_SNAPSHOT = 2,
	DENIED_SIGNALS = 4, /* handlers for fatal signals */
};

/* What that filter denies; NULL: the strict mode. */
uint64_t denied_by(const struct filter *filter);
/* Does it deny the loader what refknot never does, and that must be done to load a
 * library? */
bool denied_loading_by(const struct filter *filter);
/* Does it deny any call for one of these needs? */
bool denied_for(uint64_t mask, unsigned needs);

/* A filter is about to be installed that denies these: no other thread that
 * undoes one takes them for allowed from here on. */
void denied_announce(uint64_t mask);
/* They are not made from here on. */
void denied_begin(uint64_t mask);
/* It is installed: they are denied for good; `loads`: what is executed may still
 * load libraries. */
void denied_keep(uint64_t mask, bool loads);
/* The kernel did not take it: what no other denies is allowed again. The caller
 * then undoes the rest, and says denied_undone(): until then no filter that is
 * announced begins. */
void denied_undo(uint64_t mask);
void denied_undone(void);
/* The same as denied_begin(), for a vfork child, in its parent's memory. */
void denied_begin_child(uint64_t mask);

/* In a forked child, of one thread: what others of its parent's were about to
 * install may hold here, too, and what its parent had as a vfork child does. */
void denied_forked(void);

/* Filters that stood before this program was executed, as its environment tells
 * of them: to be called before the first system call, and each time where that
 * may be. Whoever gave it that environment can forbid refknot's calls only. */
void denied_inherit(void);
/* What a program that this one executes inherits; see ENVIRONMENT_FILTERS. */
uint64_t denied_bequest(void);
/* Can a program that inherits this begin no recording, or the loader not even
 * load this library? */
bool denied_to_executed(uint64_t bequest);

/* Is a call forbidden that a snapshot cannot do without? */
bool denied_snapshot(void);
/* The same of handlers for fatal signals, which are of no use without one. */
bool denied_handlers(void);
/* Is one that makes room in the store? */
bool denied_growth(void);
/* Is one that a forked child's own recording would begin with? */
bool denied_start(void);
/* How many are forbidden that are missed. */
uint32_t denied_count(void);

#endif
