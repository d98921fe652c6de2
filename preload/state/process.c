/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "aside.h"
#include "compiler.h"
#include "phase.h"
#include "store.h"
#include "sys.h"

__attribute__((aligned(4096))) struct process_page process_page;
APART struct process process;
uint8_t process_over;
bool (*process_is_inside)(void);
_Thread_local bool process_starting;

static uint64_t epochs = PROCESS_EPOCHS;

/*
 * Whose memory is this?  A vfork child may be the first to ask after a fork: it
 * is its parent's, also where nobody saw the fork, as a raw system call.
 */
int process_owner(void)
{
	int pid = sys_pid(), parent;

	if (READ_ONCE(process_page.pid) > 0)
		return READ_ONCE(process_page.pid);
	parent = process.forked || store.header ? sys_parent() : 0;
	if (parent > 0 && pid > 0 && sys_is_same_memory(pid, parent)) {
		WRITE_ONCE(process_page.parent, PROCESS_UNKNOWN);
		pid = parent;
	}
	if (pid > 0)
		WRITE_ONCE(process_page.pid, pid);
	return pid;
}

void process_record(void)
{
	/* No counter is to know of a number that the header has not. */
	WRITE_ONCE(store.header->peak, READ_ONCE(process_page.peak));
	__atomic_store_n(
	    &process_page.epoch,
	    __atomic_add_fetch(&epochs, PROCESS_RECORDING, __ATOMIC_RELAXED),
	    __ATOMIC_SEQ_CST);
}

void process_flush(void)
{
	uint64_t epoch = READ_ONCE(process_page.epoch);

	while (epoch && !CHANGE(process_page.epoch, epoch, epoch + 1))
		;
}

bool process_owns_memory(void)
{
	int pid = sys_pid();

	return pid <= 0 || process_owner() == pid;
}

void process_missed(void)
{
	enum phase now = phase_of(phase_now());

	if (now == PHASE_RUNNING ||
	    (now == PHASE_STARTING && !process_starting))
		__atomic_fetch_add(&process.missed, 1, __ATOMIC_RELAXED);
}

/* Of PROCESS_BEGINS(), which the linker finds; weak for tests without start.c. */
extern const int32_t __start_process_begins[] HIDDEN __attribute__((weak));

struct beginning {
	bool forked, done;
};

static void begin_aside(void *data)
{
	const int32_t *at = __start_process_begins;
	bool (*const begins)(bool forked) =
	    (bool (*)(bool))((uintptr_t)at + (uintptr_t)(intptr_t)*at);
	struct beginning *b = data;

	b->done = begins(b->forked);
}

/* Who sees that it is, sees all that began with it. */
static bool is_recording(void)
{
	return LOAD_ACQUIRE(process_page.epoch) != 0;
}

/* Of threads of a forked child that all begin, one has its way: the word is not
 * the parent's any more that the others saw, also once the child runs. */
COLD bool process_ready(void)
{
	uint32_t seen = phase_now();
	enum phase now = phase_of(seen);
	struct beginning b = { 0 };
	uint64_t signals;

	if (is_recording())
		return true;
	if (now == PHASE_NEW && phase_move(PHASE_NEW, PHASE_STARTING))
		aside(begin_aside, &b);
	/* Is this a forked child whose recording is still to begin? Its parent
	 * may have been at its end, in another thread. */
	if (now != PHASE_RUNNING &&
	    ((now != PHASE_ENDING && now != PHASE_ENDED) ||
	     READ_ONCE(process_page.pid) == READ_ONCE(process.pid) ||
	     process_owner() == READ_ONCE(process.pid)))
		return b.done;
	if (process_is_inside && process_is_inside())
		return false;
	/* A handler that leaves by longjmp would leave it half done. */
	sys_hold_signals(&signals);
	b.forked = true;
	if (phase_take_from(seen, PHASE_STARTING))
		aside(begin_aside, &b);
	else
		b.done = is_recording();
	sys_restore_signals(&signals);
	return b.done;
}
