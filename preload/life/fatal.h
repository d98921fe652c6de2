/* SPDX-License-Identifier: MIT */
/*
 * Signals whose default action ends the process.  While the program has one at
 * its default, a handler of refknot's stands there: it has the exit check made
 * and then lets the signal do what it would have done.  Until one arrives that
 * costs nothing.  sigaction() and its kin tell the program of a default, and
 * what it sets itself replaces the handler.
 *
 * Nothing is remembered here of any signal: the kernel's own table is the
 * state, even of what the program set beside a default, which the handler's
 * address tells.  So all of this may run in any thread, in signal handlers, and
 * in a vfork child, whose actions are its own though its memory is not.
 */
#ifndef FATAL_H
#define FATAL_H

#include <signal.h>
#include <stdbool.h>

#include "compiler.h"

/* Stand in for every default action that ends the process. */
void fatal_begin(void);
/* Give the default actions back, for good. */
void fatal_end(void);
/* The same in a vfork child, whose actions are its own, for the ones that stand
 * there now. */
void fatal_end_here(void);
/* The same, and they stay so, also where a recording begins anew: a thread has
 * no room for the handler's frame, and the signal would become another one. */
void fatal_give_up(void);
/* In a forked child: as the first process of a namespace it is spared most of
 * them, and no handler may interrupt its calls. */
void fatal_forked(void);

/* Have the handler run on threads' signal stacks, all of which have room; or for
 * SIGSEGV only. A default that another thread sets meanwhile may be missed. */
void fatal_use_signal_stacks(bool use);

/* Is the handler to stand in for that signal's default action? */
bool fatal_stands_in(int signal);
/* Does it stand there now, or the default, to which it leaves the end? */
bool fatal_ends(int signal);
/* The handler, as an action for sigaction(), in place of the default `wanted`. */
void fatal_action(int signal, const struct sigaction *wanted,
		  struct sigaction *action);
/* What sigaction() told: where it is the handler, make it the default that the
 * program set. */
void fatal_tell(struct sigaction *told);
/* Is it the handler? */
bool fatal_is(void (*f)(int));

/* The calling thread can be looked at again: what it put off happens now. */
void fatal_now(void);

#endif
