/* SPDX-License-Identifier: MIT */
/*
 * Which of refknot's own system calls (common/calls.def) seccomp filters deny:
 * filters that are installed, and ones that are about to be.  The shim does not
 * make a denied call (sys_forbidden); sandbox.h has what else it does.  A mask
 * has a bit for each row of calls.def.
 */
#ifndef DENIED_H
#define DENIED_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"

/* What a call is for, if something is missing without it. */
enum denied_need {
	DENIED_OPTIONAL = 1,
	DENIED_SNAPSHOT = 2,
	DENIED_SIGNALS = 4, /* handlers for fatal signals */
};

/* The calls that the filter denies; NULL: the strict mode. */
uint64_t denied_by(const struct filter *filter);
/* Whether it denies a call that the loader needs to load a library, and that
 * refknot itself never makes. */
bool denied_loading_by(const struct filter *filter);
/* Whether `mask` has a call for one of these needs. */
bool denied_for(uint64_t mask, unsigned needs);

/* A filter is about to be installed that denies these calls: from now on no
 * other thread that undoes a filter allows them. */
void denied_announce(uint64_t mask);
/* From now on the shim does not make these calls. */
void denied_begin(uint64_t mask);
/* The filter is installed: its calls are denied for good. `loads`: an executed
 * program can still load libraries. */
void denied_keep(uint64_t mask, bool loads);
/* The kernel refused the filter: what no other filter denies is allowed again.
 * The caller then undoes the rest and calls denied_undone(); until then no
 * other announced filter begins. */
void denied_undo(uint64_t mask);
void denied_undone(void);
/* The same as denied_begin(), for a vfork child, in its parent's memory. */
void denied_begin_child(uint64_t mask);

/* In a forked child, which has one thread: filters that other threads of the
 * parent were about to install may hold here, and those that the parent had as
 * a vfork child do. */
void denied_forked(void);

/* Reads from the environment which filters were installed before this program
 * was executed. Call it wherever the first system call may be. Whatever gave
 * the program that environment can only forbid refknot's calls. */
void denied_inherit(void);
/* The filters that a program executed by this one inherits; see
 * ENVIRONMENT_FILTERS. */
uint64_t denied_bequest(void);
/* Whether a program that inherits this cannot begin a recording, or its loader
 * cannot even load this library. */
bool denied_to_executed(uint64_t bequest);

/* Whether a call is denied that a snapshot needs. */
bool denied_snapshot(void);
/* The same for handlers of fatal signals, which are useless without a snapshot.
 */
bool denied_handlers(void);
/* The same for making room in the store. */
bool denied_growth(void);
/* The same for the beginning of a forked child's recording. */
bool denied_start(void);
/* How many calls are denied whose lack matters. */
uint32_t denied_count(void);

#endif
