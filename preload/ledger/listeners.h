/* SPDX-License-Identifier: MIT */
/*
 * The callbacks at the start and the end of a check, in the order in which they
 * were added.  Any thread may change the list, and so may a callback: as in
 * Python the next callback is found by its place in the list as it is then.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <refknot.h>
#include <stdbool.h>

/* For a forked child, which keeps its parent's callbacks, or for a new process.
 */
void listeners_reset(bool forked);

/* Adds or removes a callback. Returns 0; -1 if there is no room, if it is not
 * there, or if a handler interrupted another change. */
int listeners_change(refknot_callback *callback, void *data, bool add);

/* Calls all. Outside refknot. */
void listeners_call(enum refknot_phase phase, int generation, long found,
		    long uncollectable);

#endif
