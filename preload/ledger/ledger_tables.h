/* SPDX-License-Identifier: MIT */
/*
 * What only annotated programs need: the tables of names and objects,
 * and the gate's barrier.  The first call of refknot.h in a recording makes them,
 * so that other processes do not pay for them.
 */
#ifndef LEDGER_TABLES_H
#define LEDGER_TABLES_H

#include "thread.h"

enum ledger_tables_state {
	LEDGER_TABLES_NONE,  /* or those of a forked child's parent */
	LEDGER_TABLES_BEGUN, /* by a thread, with its signals held */
	LEDGER_TABLES_MADE,
	LEDGER_TABLES_FAILED, /* for good: there was no room */
};
extern HIDDEN uint32_t ledger_tables_state; /* atomic */

/* At a recording's beginning: there are none. Takes no system call. */
void ledger_tables_reset(void);

/* Makes them, or waits for the thread that does; false if there is no room. May
 * run inside malloc and in a signal handler. Before a filter of system calls, too,
 * which may deny what that takes. */
bool ledger_tables_make(void);

/* The same as thread_enter_call(); and the tables are there. */
static inline struct thread *ledger_tables_enter(void)
{
	struct thread *t = thread_enter_call();

	if (unlikely(t &&
		     LOAD_ACQUIRE(ledger_tables_state) != LEDGER_TABLES_MADE) &&
	    !ledger_tables_make()) {
		thread_missed_call();
		thread_leave(t);
		return NULL;
	}
	return t;
}

#endif
