/* SPDX-License-Identifier: MIT */
#include "ledger_gate.h"

#include "sys.h"

#define PATIENCE 20000 /* rests of 0.1 ms: a thread that does not come out */

struct ledger_gate ledger_gate;

/* `closed` is the area of the thread that closed it, and above that a number,
 * so that one closure does not look like the same thread's next. */
#define OWNER (THREAD_AREAS - 1u)
static_assert((THREAD_AREAS & OWNER) == 0,
	      "an area's number is not a bit field");

void ledger_gate_reset(void)
{
	ledger_gate = (struct ledger_gate){ 0 };
}

void ledger_gate_make(void)
{
	WRITE_ONCE(ledger_gate.fences, !sys_barrier());
}

COLD void ledger_gate_enter_slowly(struct thread *t)
{
	uint32_t closed;

	for (;;) {
		__atomic_store_n(&t->changes, 0, __ATOMIC_RELEASE);
		closed = __atomic_load_n(&ledger_gate.closed, __ATOMIC_ACQUIRE);
		if (closed)
			sys_wait(&ledger_gate.closed, closed, 1000000);
		/* A thread that left by longjmp has it no longer. */
		if (closed && thread_has_left(t, closed & OWNER))
			__atomic_compare_exchange_n(
			    &ledger_gate.closed, &closed, 0, false,
			    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
		__atomic_store_n(&t->changes, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&ledger_gate.closed, __ATOMIC_SEQ_CST))
			return;
	}
}

bool ledger_gate_close(struct thread *t)
{
	uint32_t time =
	    __atomic_add_fetch(&ledger_gate.times, 1, __ATOMIC_RELAXED);
	uint32_t closed = time * THREAD_AREAS | t->number;
	uint32_t open = READ_ONCE(ledger_gate.closed);

	if (open && !thread_has_left(t, open & OWNER))
		return false;
	if (!__atomic_compare_exchange_n(&ledger_gate.closed, &open, closed,
					 false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return false;
	if (ledger_gate.fences)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		sys_barrier();
	/* A thread that is no longer in a call does not come out. */
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		const struct thread *other = thread_at(i);

		for (unsigned n = 0;
		     other && other != t &&
		     __atomic_load_n(&other->changes, __ATOMIC_ACQUIRE) &&
		     thread_is_inside(i);
		     n++) {
			if (n == PATIENCE) {
				ledger_gate_open();
				return false;
			}
			sys_rest(n < 100 ? 0 : 100000);
		}
	}
	return true;
}

void ledger_gate_open(void)
{
	__atomic_store_n(&ledger_gate.closed, 0, __ATOMIC_RELEASE);
	sys_wake(&ledger_gate.closed);
}
