/* SPDX-License-Identifier: MIT */
/*
 * A second signal that stops threads.  Signals from 32 on cannot be sent while
 * as many wait as RLIMIT_SIGPENDING allows, of all of the user's processes;
 * those below can, but all of them are the program's.  So this is one that does
 * nothing by default and that the program has left so; it is only used if the
 * other does not work.  One thread at a time.
 */
#ifndef SECOND_SIGNAL_H
#define SECOND_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

struct sys_action;

/* Gives one that `action`; false if there is none. Not under a filter: what
 * that says of this signal is not known. */
bool second_signal_begin(const struct sys_action *action);
/* Gives it back, and drops what has not come yet. */
void second_signal_end(void);
/* In a forked child: no signal is taken. */
void second_signal_forked(void);
/* Sends it; as tgkill(). */
long second_signal_send(int tid);
/* Whether thread `tid` would take it now. */
bool second_signal_is_taken_by(int tid);
/* Whether a signal that has come here was sent so; true also if that is not
 * known. */
bool second_signal_is_sent(int number, const siginfo_t *info);
/* Edits what sigaction() returned for it: what the program has set. */
void second_signal_tell(int number, struct sigaction *told);

#endif
