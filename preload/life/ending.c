/* SPDX-License-Identifier: MIT */
#include "ending.h"

#include <signal.h>
#include <time.h>

#include "aside.h"
#include "denied.h"
#include "held.h"
#include "phase.h"
#include "process.h"
#include "snapshot.h"
#include "stack_base.h"
#include "store.h"
#include "strays.h"
#include "sys.h"
#include "wishes.h"

/* The thread that asks what is lost so far; 0: none. Atomic: others wait for
 * it, and stand in line by it; see phase.c. */
static uint32_t asker;

/*
 * name(argument): put the registers that a caller expects to keep on the stack,
 * and call name_above(argument, low), which is told from where up the caller's
 * frames are.
 */
#define WITH_REGISTERS(name)                                                   \
	__asm__(".text\n"                                                      \
		".globl " name "\n"                                            \
		".hidden " name "\n"                                           \
		".type " name ", @function\n" name ":\n"                       \
		"	.cfi_startproc\n" STACK_BASE_SAVE                      \
		"	mov %rsp, %rsi\n"                                            \
		"	sub $8, %rsp\n"                                              \
		"	.cfi_adjust_cfa_offset 8\n"                                  \
		"	call " name "_above\n"                                 \
		"	add $56, %rsp\n"                                             \
		"	.cfi_adjust_cfa_offset -56\n"                                \
		"	ret\n"                                                       \
		"	.cfi_endproc\n"                                              \
		".size " name ", . - " name "\n")
WITH_REGISTERS("ending_exit");
WITH_REGISTERS("ending_check");
bool ending_find_lost(struct snapshot_lost *lost);
WITH_REGISTERS("ending_find_lost");

static void note_end(enum rkn_end how, int value)
{
	WRITE_ONCE(store.header->meta.end, how);
	WRITE_ONCE(store.header->meta.end_value, value);
	WRITE_ONCE(store.header->end_mono_ns, sys_clock(CLOCK_MONOTONIC));
}

static COLD void take(void *data)
{
	struct stopped *self = data;
	struct store_header *h = store.header;
	const uint64_t begun = sys_clock(CLOCK_MONOTONIC);

	strays_end(self);
	if (process.settings.snapshot && !denied_snapshot())
		snapshot_take(self);
	if (wishes_no_check())
		store_flag(RKN_META_UNWANTED);
	WRITE_ONCE(process_page.epoch, 0);
	/* What the check takes is not the program's. */
	h->end_mono_ns = begun + h->meta.stop_ns;
	h->meta.own_bytes = store_own_bytes();
	STORE_RELEASE(h->state, STORE_FINISHED);
	store_trim();
}

COLD void ending_take(struct stopped *self)
{
	aside(take, self);
}

COLD void ending_over(void)
{
	bool checked = phase_of(phase_now()) == PHASE_CHECKING;

	if (checked)
		WRITE_ONCE(process_over, true);
	phase_finish(checked ? PHASE_CHECKED : PHASE_ENDED);
}

/* Another thread that asks stops this one, and lets it go on. */
static void wait_for_asker(void)
{
	uint32_t now;

	while ((now = LOAD_ORDERED(asker)) && now != (uint32_t)sys_tid())
		sys_wait(&asker, now, 10000000);
}

/* Is this process the recorded one, and not a vfork child of it? */
static bool is_recorded(void)
{
	int pid = sys_pid();

	return phase_of(phase_now()) != PHASE_OFF &&
	       (pid <= 0 || pid == READ_ONCE(process.pid));
}

/* Several threads may call exit(): none ends the process before the one that
 * came first is through. A handler of that one's does not wait for it. */
static COLD uint32_t wait_for_end(void)
{
	uint32_t now;

	while (phase_is_busy(now = phase_now()) && !phase_is_mine(now))
		phase_wait(now);
	return now;
}

#define PATIENCE 100000 /* looks, for a few instructions of another thread */

/* Its recording has begun, and the thread that began it is about to say so. */
static void wait_for_start(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (phase_of(phase_now()) != PHASE_STARTING ||
		    !READ_ONCE(process_page.epoch))
			return;
		sys_pause();
	}
}

/* Does the process end for the first time, as far as we can see? Then this
 * thread has it in its hands, and no handler may come between. */
static COLD bool begin(enum phase to)
{
	wait_for_start();
	if (!READ_ONCE(process_page.epoch) || !phase_take(PHASE_RUNNING, to))
		return false;
	wait_for_asker();
	return true;
}

/* It ends, after its check was made: in what way is still to be noted, but for
 * threads that come too late. */
static COLD void end_again(enum rkn_end how, int value)
{
	uint32_t now = wait_for_end();

	if (phase_of(now) == PHASE_CHECKED ||
	    (phase_of(now) == PHASE_ENDED && phase_is_mine(now)))
		note_end(how, value);
}

/* `low`: where the caller's frames begin. */
static void take_caller(void *low)
{
	struct stopped self;
	struct held held;

	held_begin(&held);
	stopped_note_caller(&self, *(const struct stack_base_saved **)low);
	take(&self);
	held_end(&held, SIGXCPU); /* the check's time may be what was left */
}

/* Signals are held. */
static void take_here(const struct stack_base_saved *low,
		      const uint64_t *signals)
{
	wishes_ask_again();
	aside(take_caller, &low);
	ending_over();
	sys_restore_signals(signals);
}

/* Has this thread noted that already? Of the handlers of exit() the first has. */
static bool is_noted(int status)
{
	const uint32_t now = phase_now();

	/* A forked child, which leaves its parent's store, has no such thread. */
	return phase_of(now) == PHASE_ENDED && phase_is_mine(now) &&
	       store.header->meta.end == RKN_END_EXIT &&
	       store.header->meta.end_value == (status & 0xff);
}

USED void ending_exit_above(int status, const struct stack_base_saved *low)
{
	uint64_t signals;

	if (is_noted(status) || !is_recorded())
		return;
	sys_hold_signals(&signals);
	if (!begin(PHASE_ENDING)) {
		sys_restore_signals(&signals);
		end_again(RKN_END_EXIT, status & 0xff);
		return;
	}
	note_end(RKN_END_EXIT, status & 0xff);
	take_here(low, &signals);
}

USED void ending_check_above(uint64_t unused,
			     const struct stack_base_saved *low)
{
	uint64_t signals;

	(void)unused;
	if (!is_recorded())
		return;
	sys_hold_signals(&signals);
	if (!begin(PHASE_CHECKING)) {
		sys_restore_signals(&signals);
		wait_for_end();
		return;
	}
	store_flag(RKN_META_AT_CALL);
	take_here(low, &signals);
}

COLD bool ending_by_signal(int signal)
{
	if (!is_recorded())
		return false;
	if (!begin(PHASE_ENDING)) {
		end_again(RKN_END_SIGNAL, signal);
		return false;
	}
	note_end(RKN_END_SIGNAL, signal);
	store_flag(RKN_META_AT_SIGNAL);
	return true;
}

/* --- A question meanwhile --------------------------------------------------------- */

struct question {
	/* Where the caller's frames begin. */
	const struct stack_base_saved *low;
	struct snapshot_lost *lost;
	bool answered;
};

static void ask(void *data)
{
	struct question *q = data;
	struct stopped self;

	stopped_note_caller(&self, q->low);
	q->answered = snapshot_find_lost(&self, q->lost);
}

static bool is_running(void)
{
	return phase_of(phase_now()) == PHASE_RUNNING;
}

/* One thread at a time; false: the process ends. With signals blocked, but
 * where another one asks, which stops this one. */
static bool begin_asking(uint64_t *signals)
{
	uint32_t self = (uint32_t)sys_tid(), nobody = 0;

	sys_block_signals(signals);
	while (is_running() && !CHANGE(asker, nobody, self)) {
		sys_restore_signals(signals);
		wait_for_asker();
		sys_block_signals(signals);
		nobody = 0;
	}
	return is_running();
}

USED bool ending_find_lost_above(struct snapshot_lost *lost,
				 const struct stack_base_saved *low)
{
	struct question q = { .low = low, .lost = lost };
	uint64_t signals;
	uint32_t self;

	if (begin_asking(&signals))
		aside(ask, &q);
	self = (uint32_t)sys_tid();
	if (CHANGE(asker, self, 0))
		sys_wake(&asker);
	sys_restore_signals(&signals);
	return q.answered;
}

COLD enum ending_answer ending_lost(uint64_t *blocks, uint64_t *bytes)
{
	struct snapshot_lost lost = { 0 };
	int pid = sys_pid();

	if (!process_ready() || (pid > 0 && pid != process.pid) ||
	    !process.settings.snapshot)
		return ENDING_NOT_CHECKED;
	wait_for_start();
	wishes_ask_again();
	if (wishes_no_check())
		return ENDING_NOT_CHECKED;
	if (denied_snapshot() || !ending_find_lost(&lost))
		return is_running() ? ENDING_CANNOT_TELL : ENDING_NOT_CHECKED;
	*blocks = lost.blocks;
	*bytes = lost.bytes;
	return ENDING_CHECKED;
}

COLD void ending_reset(void)
{
	WRITE_ONCE(asker, 0);
}
