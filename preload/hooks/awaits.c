/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait for signals.  One that ends the process when the first thread
 * does not block it is taken by nobody: the kernel ends all threads as it is
 * sent, even if others wait for it.  With refknot's handler it stays there until
 * the first thread runs, and a thread that begins to wait meanwhile would have
 * it.  So that passes it on to the first thread, and waits on.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "aside.h"
#include "compiler.h"
#include "fatal.h"
#include "libc.h"
#include "process.h"
#include "real.h"
#include "sys.h"
#include "tasks.h"

struct question {
	int signal;
	bool takes; /* the answer */
};

static void look(void *data)
{
	struct question *q = data;

	q->takes = tasks_takes(sys_pid(), q->signal);
}

static COLD bool pass_on(int signal, const siginfo_t *info)
{
	const int self = sys_pid();
	struct question q = { .signal = signal };

	/* The first thread is asked first, so it is not for what is sent to one
	 * thread, nor for a timer's. The C library says SI_USER of both kill()
	 * and pthread_kill(): what the process sends itself is left alone. */
	if (self != READ_ONCE(process.pid) || self == sys_tid() ||
	    (info->si_code != SI_KERNEL &&
	     ((info->si_code != SI_USER && info->si_code != SI_QUEUE) ||
	      info->si_pid == self)) ||
	    !fatal_ends(signal))
		return false;
	aside(look, &q);
	return q.takes && sys_signal_thread(self, self, signal) == 0;
}

/* sigtimedwait(); NULL: for ever. The process ends while it waits again. */
static int await(const sigset_t *set, siginfo_t *info,
		 const struct timespec *time)
{
	siginfo_t own, *its = info ? info : &own;
	int signal;

	real_resolve();
	do
		signal = time ? real.sigtimedwait(set, its, time)
			      : real.sigwaitinfo(set, its);
	while (signal > 0 && unlikely(!*libc_single_threaded) &&
	       fatal_stands_in(signal) && pass_on(signal, its));
	return signal;
}

EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
			const struct timespec *restrict time)
{
	return await(set, info, time);
}

EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return await(set, info, NULL);
}

/* As the C library has it, which does not say there who sent it. */
EXPORT int sigwait(const sigset_t *restrict set, int *restrict number)
{
	siginfo_t info;
	int signal;

	do
		signal = await(set, &info, NULL);
	while (signal < 0 && libc_errno == EINTR);
	if (signal < 0)
		return libc_errno;
	*number = signal;
	return 0;
}
