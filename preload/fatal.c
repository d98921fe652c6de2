/* SPDX-License-Identifier: MIT */
#include "fatal.h"

#include <string.h>

#include "ending.h"
#include "moves.h"
#include "process.h"
#include "spent.h"
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
 * an instruction of its own raises again and again. */
#define INITS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL))

static uint64_t wanted; /* a bit a signal */

/* What a thread in the middle of a change put off. */
struct delayed {
	int signal;
	siginfo_t info;
};
static _Thread_local struct delayed delayed;

static void handler(int signal, void *info, void *context);

/*
 * An alternate stack may have no room for the kernel's frame: then the kernel
 * sends SIGSEGV, whatever the signal was. So only that one is taken there,
 * which comes when there is no other stack.
 */
static unsigned long stack_flag(int signal)
{
	return signal == SIGSEGV ? SA_ONSTACK : 0;
}

static void kernel_action(int signal, struct sys_action *action)
{
	sys_action_init(action, handler);
	action->flags |= stack_flag(signal);
	action->mask = ~RESERVED;
}

/* The same once more, after the handler's return, to the default action. */
static void again(int signal, const void *info)
{
	if (sys_queue_signal(process.pid, sys_tid(), signal, info) < 0)
		sys_signal_thread(process.pid, sys_tid(), signal);
}

static void let_it(int signal, const void *info)
{
	struct sys_action none = { .handler = (void *)SIG_DFL };

	sys_action(signal, &none, NULL);
	if (sys_queue_signal(sys_pid(), sys_tid(), signal, info) < 0)
		sys_signal_thread(sys_pid(), sys_tid(), signal);
}

/* In the middle of realloc nobody can tell where the block is: then later, but
 * for abort(), which goes on when the handler returns, and faults. */
static bool puts_off(int signal, const siginfo_t *info, const void *context)
{
	if (BIT(signal) & (FAULTS | BIT(SIGABRT)) ||
	    moves_in(context) != MOVES_NOW)
		return false;
	moves_ask(MOVES_SIGNAL);
	delayed.signal = signal;
	delayed.info = *info;
	return true;
}

static void end(int signal, siginfo_t *info, void *context)
{
	struct stopped state;

	if (!ending_by_signal(signal))
		return;
	stop_note_interrupted(&state, info, context,
			      (uint64_t)(uintptr_t)__builtin_frame_address(0));
	spent_hide(signal, info, context);
	ending_take(&state);
	spent_restore(context);
	ending_over();
}

/* Would the kernel not even have delivered it? */
static bool is_spared(int signal, const siginfo_t *info)
{
	return sys_pid() == 1 && !(BIT(signal) & INITS && info->si_code > 0);
}

static void handler(int signal, void *info, void *context)
{
	if (is_spared(signal, info))
		return;
	if (process.pid == sys_pid()) {
		if (puts_off(signal, info, context))
			return;
		end(signal, info, context);
	}
	let_it(signal, info);
}

static void replace(bool by_ours)
{
	const struct sys_action none = { .handler = (void *)SIG_DFL };
	struct sys_action ours, now;

	for (int signal = 1; signal <= 64; signal++) {
		kernel_action(signal, &ours);
		if (wanted & BIT(signal) &&
		    sys_action(signal, NULL, &now) == 0 &&
		    now.handler == (by_ours ? &none : &ours)->handler)
			sys_action(signal, by_ours ? &ours : &none, NULL);
	}
}

void fatal_begin(void)
{
	wanted = sys_pid() == 1 ? INITS : ~(OTHERS | RESERVED);
	replace(true);
}

void fatal_end(void)
{
	replace(false);
	wanted = 0;
}

bool fatal_stands_in(int signal)
{
	return signal >= 1 && signal <= 64 && wanted & BIT(signal);
}

void fatal_action(int signal, struct sigaction *action)
{
	struct sys_action ours;

	kernel_action(signal, &ours);
	memset(action, 0, sizeof(*action));
	action->sa_sigaction = (void (*)(int, siginfo_t *, void *))handler;
	action->sa_flags = SA_SIGINFO | (int)stack_flag(signal);
	memcpy(&action->sa_mask, &ours.mask, sizeof(ours.mask));
}

bool fatal_is(const struct sigaction *action)
{
	return (void (*)(int, void *, void *))action->sa_sigaction == handler;
}

void fatal_now(void)
{
	if (delayed.signal)
		again(delayed.signal, &delayed.info);
	delayed.signal = 0;
}
