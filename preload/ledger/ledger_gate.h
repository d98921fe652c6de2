/* SPDX-License-Identifier: MIT */
/*
 * The gate between threads that change the ledger, many at once, and one that
 * looks at it as a whole, by itself.  The many pay two plain stores; the one
 * asks the kernel for the barrier that they save (membarrier), and waits until
 * none is inside.
 */
#ifndef LEDGER_GATE_H
#define LEDGER_GATE_H

#include "thread.h"

struct ledger_gate {
	uint32_t closed; /* its closer, see ledger_gate_close(); 0: it is
			    open */
	uint32_t times;  /* how often a thread tried to close it */
	bool fences;     /* the kernel has no such barrier: every thread uses
			    its own */
};
extern HIDDEN struct ledger_gate ledger_gate;

/* Forgets all: a child has no other threads. */
void ledger_gate_reset(void);
/* Before the first thread that changes the ledger enters. */
void ledger_gate_make(void);

void ledger_gate_enter_slowly(struct thread *t);

/* `t` is inside refknot; until ledger_gate_leave(). */
static inline void ledger_gate_enter(struct thread *t)
{
	__atomic_store_n(&t->changes, 1, __ATOMIC_RELAXED);
	if (unlikely(ledger_gate.fences))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&ledger_gate.closed, __ATOMIC_ACQUIRE)))
		ledger_gate_enter_slowly(t);
}

static inline void ledger_gate_leave(struct thread *t)
{
	__atomic_store_n(&t->changes, 0, __ATOMIC_RELEASE);
}

/* Keeps all others out until ledger_gate_open(). False: another thread has it,
 * or some thread does not come out. */
bool ledger_gate_close(struct thread *t);
void ledger_gate_open(void);

#endif
