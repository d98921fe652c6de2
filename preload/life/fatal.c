/* SPDX-License-Identifier: MIT */
#include "fatal.h"

#include <string.h>
#include <ucontext.h>

#include "compiler.h"
#include "dead_registers.h"
#include "ending.h"
#include "libc.h"
#include "process.h"
#include "realloc_window.h"
#include "seals.h"
#include "stop.h"
#include "sys.h"

#define BIT(signal) (1ull << ((signal)-1))

/* glibc's own: one cancels threads, the other stops them for a snapshot. */
#define RESERVED (BIT(32) | BIT(33))

/* What the kernel sends for an instruction: that is not waited with. */
#define FAULTS                                                                 \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) |              \
	 BIT(SIGTRAP) | BIT(SIGSYS))

/* Not by default the end of a process, or not to be caught. */
#define OTHERS                                                                 \
	(BIT(SIGKILL) | BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) |           \
	 BIT(SIGTTOU) | BIT(SIGCONT) | BIT(SIGCHLD) | BIT(SIGURG) |            \
	 BIT(SIGWINCH))

/* The first process of a namespace is spared all default actions, but for what
 * the kernel itself sends for an instruction; these come again and again. */
#define INITS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL))

/* A bit a signal. Atomic, as a thread that installs a filter writes it while
 * others set actions. */
static uint64_t wanted;

static bool given_up; /* atomic, and for good */

/* What a thread in the middle of a change put off. */
struct delayed {
	int signal;
	siginfo_t info;
};
static _Thread_local struct delayed delayed;

/* --- What the program set beside a default ------------------------------------ */

/*
 * Of no effect, but it is told. The handler has many addresses, and each stands
 * for one such pair; a pair is never changed once an action may lead to it, so
 * whoever adds one, be it a vfork child, changes nothing for others. The first
 * is what exec leaves, and what is told when there are too many.
 */
#define ENTRIES    256
#define ENTRY_SIZE 8

enum pair_state {
	PAIR_FREE,
	PAIR_WRITTEN, /* now; for good, if its writer was killed */
	PAIR_THERE,
};

static struct pair {
	uint32_t state; /* atomic: threads add pairs at the same time */
	uint32_t flags;
	uint64_t mask;
} pairs[ENTRIES] APART = { { .state = PAIR_THERE } };

/* What there is of flags on this machine; old kernels report others, too. */
#define KNOWN_FLAGS                                                            \
	((uint32_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK |    \
		    SA_RESTART | SA_NODEFER) |                                 \
	 SA_RESETHAND | SYS_RESTORER | SYS_EXPOSE_TAGBITS)

/* The number of that pair, added where it is new. */
static COLD unsigned find_pair(uint32_t flags, uint64_t mask)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct pair *p = &pairs[i];
		uint32_t now = LOAD_ACQUIRE(p->state);

		if (now == PAIR_FREE && CHANGE(p->state, now, PAIR_WRITTEN)) {
			p->flags = flags;
			p->mask = mask;
			STORE_RELEASE(p->state, PAIR_THERE);
			return i;
		}
		if (now == PAIR_THERE && p->flags == flags && p->mask == mask)
			return i;
	}
	return 0;
}

void fatal_handle(int signal, void *info, void *context);
__asm__(".text\n"
	".balign 8\n"
	".type fatal_entries, @function\n"
	"fatal_entries:\n"
	"	.cfi_startproc\n"
	"	.rept 256\n"
	"	jmp fatal_handle\n"
	"	.balign 8\n"
	"	.endr\n"
	"	.cfi_endproc\n"
	".size fatal_entries, . - fatal_entries\n");
extern HIDDEN char fatal_entries[ENTRIES][ENTRY_SIZE];

static bool is_entry(const void *handler)
{
	return (uintptr_t)handler - (uintptr_t)fatal_entries <
	       sizeof(fatal_entries);
}

/* --- The handler --------------------------------------------------------------- */

/*
 * An alternate stack may have no room for the kernel's frame: then the kernel
 * sends SIGSEGV, whatever the signal was. So only that one is taken there,
 * which comes when there is no other stack; and all, while each that is known
 * has room and some thread needs that (signal_stack.h).
 */
static bool on_stacks; /* atomic */

static unsigned long stack_flag(int signal)
{
	return signal == SIGSEGV || READ_ONCE(on_stacks) ? SA_ONSTACK : 0;
}

/* The same signal once more, after the handler's return, to the default action. */
static COLD void let_it(int signal, const void *info)
{
	struct sys_action none = { .handler = (void *)SIG_DFL };

	sys_action(signal, &none, NULL);
	if (sys_queue_signal(sys_pid(), sys_tid(), signal, info) < 0)
		sys_signal_thread(sys_pid(), sys_tid(), signal);
}

/* In the middle of realloc it is not known where the block is: then later, but
 * for abort(), which goes on when the handler returns, and faults. */
static bool puts_off(int signal, const siginfo_t *info, const void *context)
{
	if (BIT(signal) & (FAULTS | BIT(SIGABRT)) ||
	    realloc_window_in(context) != REALLOC_WINDOW_NOW)
		return false;
	realloc_window_ask(REALLOC_WINDOW_SIGNAL);
	delayed.signal = signal;
	delayed.info = *info;
	return true;
}

static void end(int signal, siginfo_t *info, void *context)
{
	struct stopped state;

	if (!ending_by_signal(signal))
		return;
	stopped_note_interrupted(&state, info, context,
				 ADDRESS(__builtin_frame_address(0)));
	dead_registers_hide(signal, info, context);
	ending_take(&state);
	dead_registers_restore(context);
	ending_over();
}

static bool follows(const uint8_t *pc, uint8_t first, uint8_t second)
{
	return pc[-1] == second && pc[-2] == first;
}

/*
 * What was sent for an instruction that is over does not come again by itself,
 * and what anybody sends spares the first process of a namespace: so it is made
 * again. The kernel has put back what a filter took for a call; and where it
 * is not known what it was, it happens here, where all signals are blocked.
 */
static void repeat(int signal, void *context)
{
	greg_t *pc = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const uint8_t *end = (const void *)(uintptr_t)*pc;

	if (sys_pid() != 1)
		return;
	if (signal == SIGTRAP && end[-1] == 0xcc) /* int3 */
		*pc -= 1;
	else if (signal == SIGTRAP)
		__asm__ volatile("int3");
	else if (signal == SIGSYS && (follows(end, 0x0f, 0x05) || /* syscall */
				      follows(end, 0xcd, 0x80)))  /* int $128 */
		*pc -= 2;
}

HIDDEN USED void fatal_handle(int signal, void *info, void *context)
{
	if ((signal == SIGSEGV || signal == SIGBUS) && seals_skip(context))
		return;
	/* Would the kernel not even have delivered it? */
	if (sys_pid() == 1 &&
	    !(BIT(signal) & FAULTS && ((const siginfo_t *)info)->si_code > 0))
		return;
	if (READ_ONCE(process.pid) == sys_pid()) {
		if (puts_off(signal, info, context))
			return;
		end(signal, info, context);
	}
	let_it(signal, info);
	repeat(signal, context);
}

/* --- Standing in --------------------------------------------------------------- */

static bool is_default(const void *handler)
{
	return handler == (void *)SIG_DFL;
}

/* The handler in place of that default. */
static COLD void stand_in(int signal, struct sys_action *action)
{
	uint32_t flags = (uint32_t)action->flags;
	unsigned number = find_pair(flags & KNOWN_FLAGS, action->mask);

	if (!(flags & SYS_RESTORER))
		action->restorer = sys_restorer();
	action->handler = fatal_entries[number];
	action->flags = SA_SIGINFO | SYS_RESTORER | (flags & ~KNOWN_FLAGS) |
			stack_flag(signal);
	action->mask = ~RESERVED;
}

/* The default in place of the handler. */
static COLD void stand_back(int signal, struct sys_action *action)
{
	/* The handler's address says which. It came by the kernel, of which the
	 * C language knows nothing: so the pair's state is read, too. */
	const struct pair *pair =
	    &pairs[((uintptr_t)action->handler - (uintptr_t)fatal_entries) /
		   ENTRY_SIZE];

	(void)signal;
	if (LOAD_ACQUIRE(pair->state) != PAIR_THERE)
		pair = &pairs[0];
	action->handler = (void *)SIG_DFL;
	action->flags = pair->flags | (action->flags & ~KNOWN_FLAGS);
	action->mask = pair->mask;
	if (!(pair->flags & SYS_RESTORER))
		action->restorer = NULL;
}

/* Of the signals `which`. What another thread sets at the same time stays. */
static COLD void replace(bool (*from)(const void *handler),
			 void (*by)(int signal, struct sys_action *action),
			 uint64_t which)
{
	struct sys_action now, former;

	for (int signal = 1; signal <= 64; signal++) {
		if (!fatal_stands_in(signal) || !(which & BIT(signal)) ||
		    sys_action(signal, NULL, &now) < 0 || !from(now.handler))
			continue;
		by(signal, &now);
		if (sys_action(signal, &now, &former) == 0 &&
		    !from(former.handler))
			sys_action(signal, &former, NULL);
	}
}

/*
 * What exec leaves is the default as pairs[0] tells it: so the handler is set
 * without a look. Where there was something else it comes back at once, and
 * with signals held nothing is handled in between; a thread that is not alone
 * looks before. False: that is still to be done.
 */
static bool stand_in_unseen(int signal)
{
	struct sys_action now = { .handler = (void *)SIG_DFL }, former;

	stand_in(signal, &now);
	if (sys_action(signal, &now, &former) < 0)
		return true;
	if (is_default(former.handler) && !former.flags && !former.mask)
		return true;
	sys_action(signal, &former, NULL);
	return false;
}

COLD void fatal_begin(void)
{
	/* Faults cannot be held; and what waits would be lost where the program
	 * ignores it. */
	uint64_t signals, pending = 0, rest = FAULTS;
	bool alone = READ_ONCE(*libc_single_threaded);

	if (READ_ONCE(given_up))
		return;
	WRITE_ONCE(wanted, sys_pid() == 1 ? INITS : ~(OTHERS | RESERVED));
	if (!alone || sys_block_signals(&signals) < 0) {
		replace(is_default, stand_in, ~0ull);
		return;
	}
	sys_pending_signals(&pending);
	rest |= pending;
	for (int signal = 1; signal <= 64; signal++)
		if (fatal_stands_in(signal) && !(BIT(signal) & rest) &&
		    !stand_in_unseen(signal))
			rest |= BIT(signal);
	replace(is_default, stand_in, rest);
	sys_restore_signals(&signals);
}

COLD void fatal_end(void)
{
	replace(is_entry, stand_back, ~0ull);
	WRITE_ONCE(wanted, 0);
}

COLD void fatal_give_up(void)
{
	if (!__atomic_exchange_n(&given_up, true, __ATOMIC_SEQ_CST))
		fatal_end();
}

COLD void fatal_end_here(void)
{
	replace(is_entry, stand_back, ~0ull);
}

COLD void fatal_forked(void)
{
	if (!READ_ONCE(wanted) || sys_pid() != 1)
		return;
	fatal_end();
	fatal_begin();
}

static void move(int signal, struct sys_action *action)
{
	action->flags &= ~(unsigned long)SA_ONSTACK;
	action->flags |= stack_flag(signal);
}

COLD void fatal_use_signal_stacks(bool use)
{
	if (__atomic_exchange_n(&on_stacks, use, __ATOMIC_SEQ_CST) != use)
		replace(is_entry, move, ~0ull);
}

bool fatal_stands_in(int signal)
{
	return signal >= 1 && signal <= 64 && READ_ONCE(wanted) & BIT(signal);
}

bool fatal_ends(int signal)
{
	struct sys_action now;

	return fatal_stands_in(signal) && sys_action(signal, NULL, &now) == 0 &&
	       (is_entry(now.handler) || is_default(now.handler));
}

COLD void fatal_action(int signal, const struct sigaction *wish,
		       struct sigaction *action)
{
	/* As the C library gives it to the kernel, and that keeps it. */
	struct sys_action a = { .flags =
				    (uint32_t)wish->sa_flags | SYS_RESTORER };

	memcpy(&a.mask, &wish->sa_mask, sizeof(a.mask));
	a.mask &= ~(BIT(SIGKILL) | BIT(SIGSTOP));
	stand_in(signal, &a);
	memset(action, 0, sizeof(*action));
	action->sa_sigaction =
	    (void (*)(int, siginfo_t *, void *))(uintptr_t)a.handler;
	action->sa_flags = (int)a.flags;
	memcpy(&action->sa_mask, &a.mask, sizeof(a.mask));
}

bool fatal_is(void (*f)(int))
{
	return is_entry((const void *)(uintptr_t)f);
}

COLD void fatal_tell(struct sigaction *told)
{
	struct sys_action a = { .handler = (void *)(uintptr_t)told->sa_handler,
				.flags = (uint32_t)told->sa_flags };

	if (!is_entry(a.handler))
		return;
	stand_back(0, &a);
	told->sa_handler = SIG_DFL;
	told->sa_flags = (int)a.flags;
	memcpy(&told->sa_mask, &a.mask, sizeof(a.mask));
	if (!(a.flags & SYS_RESTORER))
		told->sa_restorer = NULL;
}

COLD void fatal_now(void)
{
	const int self = READ_ONCE(process.pid);

	/* To the handler, which has nothing to wait for now. */
	if (delayed.signal && sys_queue_signal(self, sys_tid(), delayed.signal,
					       &delayed.info) < 0)
		sys_signal_thread(self, sys_tid(), delayed.signal);
	delayed.signal = 0;
}
