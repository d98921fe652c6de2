/* SPDX-License-Identifier: MIT */
/*
 * What sets and tells of actions for signals: refknot's own stand in for the
 * defaults that end a process (fatal.h), and are called defaults here.
 */
#include <stddef.h>

#include "compiler.h"
#include "fatal.h"
#include "real.h"

/* What the program set beside the default: of no effect, but it is told. */
static struct beside {
	int flags;
	sigset_t mask;
} told[65];

static void hide(const struct beside *b, struct sigaction *old)
{
	if (!old || !fatal_is(old))
		return;
	old->sa_handler = SIG_DFL;
	old->sa_flags = b->flags;
	old->sa_mask = b->mask;
}

static int change(int number, const struct sigaction *new,
		  struct sigaction *old)
{
	struct beside former = { 0 };
	struct sigaction ours;
	int result;

	real_resolve();
	if (number > 0 && number < 65)
		former = told[number];
	if (new &&new->sa_handler == SIG_DFL && fatal_stands_in(number)) {
		told[number].flags = new->sa_flags;
		told[number].mask = new->sa_mask;
		fatal_action(number, &ours);
		new = &ours;
	}
	result = real.sigaction(number, new, old);
	if (!result)
		hide(&former, old);
	return result;
}

/* sigset() changes the mask, too, and may tell of that, not of a function. */
static void (*set(real_signal *real_set, int number, void (*f)(int)))(int)
{
	void (*former)(int) = real_set(number, f);
	struct sigaction now, old;

	if (former == SIG_ERR)
		return former;
	if (f == SIG_DFL && fatal_stands_in(number) &&
	    !real.sigaction(number, NULL, &now) && now.sa_handler == SIG_DFL)
		change(number, &now, NULL);
	old.sa_handler = former;
	return fatal_is(&old) ? SIG_DFL : former;
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

EXPORT void (*sigset(int number, void (*f)(int)))(int)
{
	real_resolve();
	return set(real.sigset, number, f);
}
