/* SPDX-License-Identifier: MIT */
/*
 * Who is called at the start and the end of a check, in the order in which they
 * were added.  Any thread may change the list, and whoever is called may, too:
 * as in Python the next is called by its place in the list as it is then.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <refknot.h>
#include <stdbool.h>

/* The process is a forked child, which has its parent's, or a new one. */
void listeners_reset(bool forked);

/* 0; -1: there is no room, or it is not there, or a handler interrupted another
 * change. */
int listeners_change(refknot_callback *callback, void *data, bool add);

/* Outside refknot. */
void listeners_call(enum refknot_phase phase, int generation, long found,
		    long uncollectable);

#endif
