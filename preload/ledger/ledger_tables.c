/* SPDX-License-Identifier: MIT */
#include "ledger_tables.h"

#include "aside.h"
#include "ledger_gate.h"
#include "names.h"
#include "objects.h"
#include "sys.h"

/* Where signals cannot be held, a handler may wait for what it interrupted. */
#define PATIENCE 1000 /* milliseconds */

uint32_t ledger_tables_state;

COLD void ledger_tables_reset(void)
{
	objects_reset();
	ledger_gate_reset();
	STORE_RELEASE(ledger_tables_state, LEDGER_TABLES_NONE);
}

/* Numbers of objects are looked up before it is known that there are any. */
static void make(void *made)
{
	*(bool *)made =
	    !names_make() && !objects_make() && store_record(STORE_OBJECTS, 0);
	ledger_gate_make();
}

COLD bool ledger_tables_make(void)
{
	uint32_t state = LEDGER_TABLES_NONE;
	uint64_t signals;
	bool made = false;

	if (READ_ONCE(ledger_tables_state) == LEDGER_TABLES_FAILED)
		return false;
	sys_hold_signals(&signals);
	if (CHANGE(ledger_tables_state, state, LEDGER_TABLES_BEGUN)) {
		aside(make, &made);
		STORE_RELEASE(ledger_tables_state,
			      made ? LEDGER_TABLES_MADE : LEDGER_TABLES_FAILED);
		sys_wake(&ledger_tables_state);
	}
	sys_restore_signals(&signals);
	for (unsigned i = 0; i < PATIENCE; i++) {
		state = LOAD_ACQUIRE(ledger_tables_state);
		if (state != LEDGER_TABLES_BEGUN)
			break;
		sys_wait(&ledger_tables_state, state, 1000000);
	}
	/* Whoever makes them may have been killed. */
	if (state == LEDGER_TABLES_BEGUN &&
	    CHANGE(ledger_tables_state, state, LEDGER_TABLES_FAILED))
		return false;
	return state == LEDGER_TABLES_MADE;
}
