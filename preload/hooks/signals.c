/* SPDX-License-Identifier: MIT */
/*
 * What sets and reports actions for signals, and of signal stacks: refknot's
 * own stand in for the defaults that end a process (fatal.h), and are called
 * defaults here; those that it gives to threads (signal_stack.h), none.
 */
#include <stddef.h>

#include "compiler.h"
#include "fatal.h"
#include "real.h"
#include "second_signal.h"
#include "signal_stack.h"

static int change(int number, const struct sigaction *new,
		  struct sigaction *old)
{
	struct sigaction ours;
	int result;

	real_resolve();
	if (new &&new->sa_flags & SA_ONSTACK &&new->sa_handler !=
				      SIG_DFL &&new->sa_handler != SIG_IGN)
		signal_stack_share();
	if (new &&new->sa_handler == SIG_DFL && fatal_stands_in(number)) {
		fatal_action(number, new, &ours);
		new = &ours;
	}
	result = real.sigaction(number, new, old);
	if (!result && old) {
		fatal_tell(old);
		second_signal_tell(number, old);
	}
	return result;
}

/* sigset() changes the mask, too, and may return that, not a function. */
static void (*set(real_signal *real_set, int number, void (*f)(int)))(int)
{
	void (*former)(int) = real_set(number, f);
	struct sigaction now;

	if (former == SIG_ERR)
		return former;
	if (f == SIG_DFL && fatal_stands_in(number) &&
	    !real.sigaction(number, NULL, &now) && now.sa_handler == SIG_DFL)
		change(number, &now, NULL);
	return fatal_is(former) ? SIG_DFL : former;
}

int __sigaction(int number, const struct sigaction *new, struct sigaction *old);
EXPORT int __sigaction(int number, const struct sigaction *new,
		       struct sigaction *old)
{
	return change(number, new, old);
}

EXPORT int sigaction(int number, const struct sigaction *restrict new,
		     struct sigaction *restrict old)
{
	return change(number, new, old);
}

EXPORT int sigaltstack(const stack_t *restrict new, stack_t *restrict old)
{
	int result;

	real_resolve();
	if (new)
		signal_stack_replace(new);
	result = real.sigaltstack(new, old);
	if (!result && new)
		signal_stack_replaced();
	if (!result && old)
		signal_stack_tell(old);
	return result;
}

EXPORT void (*signal(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.signal, number, f);
}

real_signal bsd_signal;
EXPORT void (*bsd_signal(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.signal, number, f);
}

EXPORT void (*ssignal(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.signal, number, f);
}

EXPORT void (*sysv_signal(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.sysv_signal, number, f);
}

EXPORT void (*__sysv_signal(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.sysv_signal, number, f);
}

/*
 * It changes a flag of whatever action there is, so of a default, too, which is
 * told with that from then on; and the C library keeps in mind what signal() is
 * to set.
 */
EXPORT int siginterrupt(int number, int interrupts)
{
	struct sigaction now;
	int result;

	real_resolve();
	result = real.siginterrupt(number, interrupts);
	if (result || real.sigaction(number, NULL, &now) ||
	    !fatal_is(now.sa_handler))
		return result;
	fatal_tell(&now);
	now.sa_flags &= ~SA_RESTART;
	now.sa_flags |= interrupts ? 0 : SA_RESTART;
	return change(number, &now, NULL);
}

EXPORT void (*sigset(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.sigset, number, f);
}
