/* SPDX-License-Identifier: MIT */
/*
 * Signals whose default action ends the process.  While the program leaves one
 * at its default, a handler of refknot's is installed: it has the exit check
 * made and then lets the signal do what it would have done.  Until a signal
 * arrives that costs nothing.  sigaction() and its kin show the program a
 * default, and what it sets itself replaces the handler.
 *
 * Nothing is remembered here about a signal: the kernel's own table is the
 * state, even of what the program set beside a default, which the handler's
 * address says.  So all of this may run in any thread, in signal handlers, and
 * in a vfork child, whose actions are its own though its memory is not.
 */
#ifndef FATAL_H
#define FATAL_H

#include <signal.h>
#include <stdbool.h>

/* Replaces every default action that ends the process. */
void fatal_begin(void);
/* Restores the default actions, for good. */
void fatal_end(void);
/* The same in a vfork child, whose actions are its own, for those that are
 * replaced there now. */
void fatal_end_here(void);
/* The same, and they stay so even if a recording begins anew: a thread has no
 * room for the handler's frame, and the signal would become another one. */
void fatal_give_up(void);
/* In a forked child: the first process of a namespace is spared most of them,
 * and no handler may interrupt its calls. */
void fatal_forked(void);

/* Lets the handler run on threads' signal stacks, all of which have room; or
 * only for SIGSEGV. It may miss a default that another thread sets meanwhile.
 */
void fatal_use_signal_stacks(bool use);

/* Whether the handler replaces that signal's default action. */
bool fatal_stands_in(int signal);
/* Whether it is installed now, or the default, to which it leaves the end. */
bool fatal_ends(int signal);
/* The handler, as an action for sigaction(), in place of the default `wanted`.
 */
void fatal_action(int signal, const struct sigaction *wanted,
		  struct sigaction *action);
/* Edits what sigaction() returned: replaces the handler by the default that the
 * program set. */
void fatal_tell(struct sigaction *told);
/* Whether `f` is the handler. */
bool fatal_is(void (*f)(int));

/* The calling thread can be stopped again: what it put off happens now. */
void fatal_now(void);

#endif
