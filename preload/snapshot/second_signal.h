/* SPDX-License-Identifier: MIT */
/*
 * A second signal to stop threads by.  Signals from 32 on cannot be sent while
 * as many wait as RLIMIT_SIGPENDING allows, of all of the user's processes; those
 * below can, but all of them are the program's.  So this is one whose default
 * is that nothing happens, and that the program has left at that, and nobody
 * uses it but while the other does not work.  One thread at a time.
 */
#ifndef SECOND_SIGNAL_H
#define SECOND_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

struct sys_action;

/* Give one that `action`; false: there is none to be had.  Not where a filter
 * stands: what it says of this signal is not known. */
bool second_signal_begin(const struct sys_action *action);
/* Give it back, and drop what has not come yet. */
void second_signal_end(void);
/* In a forked child: it is nobody's. */
void second_signal_forked(void);
/* Send it; as tgkill(). */
long second_signal_send(int tid);
/* Would thread `tid` take it now? */
bool second_signal_is_taken_by(int tid);
/* Is a signal that has come here one that was sent so, and not another? Where
 * that cannot be told, it is. */
bool second_signal_is_sent(int number, const siginfo_t *info);
/* What sigaction() tells of it: what the program has set. */
void second_signal_tell(int number, struct sigaction *told);

#endif
