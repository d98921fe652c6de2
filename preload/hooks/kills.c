/* SPDX-License-Identifier: MIT */
/*
 * Signals that the program sends to itself.  Where one ends it, the kernel lets
 * none of its threads come back to the program, not the one that sent it either.
 * Here the handler of another thread takes it and is busy for a while: so whoever
 * sent it waits for the end.  Whether one will end it is asked before it is sent.
 * SIGKILL, which has no handler, is noted for the reader of the store (ends.h).
 */
#include <signal.h>
#include <sys/syscall.h>

#include "aside.h"
#include "compiler.h"
#include "ends.h"
#include "fatal.h"
#include "libc.h"
#include "phase.h"
#include "process.h"
#include "real.h"
#include "sys.h"
#include "tasks.h"

#define LOOKS 100 /* of 10 ms, at a process that does not begin to end */

struct taker {
	int tid; /* 0: any */
	int signal;
	bool found;
};

static void look_at(int tid, void *data)
{
	struct taker *t = data;

	t->found = t->found || tasks_takes(tid, t->signal);
}

static void look(void *data)
{
	struct taker *t = data;

	if (t->tid)
		look_at(t->tid, t);
	else
		tasks_each(look_at, t);
}

static COLD bool ends(int pid, int tid, int signal)
{
	const int self = sys_pid();
	struct taker t = { .tid = tid, .signal = signal };

	/* The first process of a namespace is spared what it sends itself. */
	if (self <= 1 || self != READ_ONCE(process.pid) || tid == sys_tid() ||
	    (pid && pid != self && (pid >= -1 || pid != -sys_group())) ||
	    !fatal_ends(signal))
		return false;
	/* Does any thread take it that it is for? */
	if (!tid && sys_takes(signal))
		return true;
	aside(look, &t);
	return t.found;
}

/* Does a signal end this process at once that is sent to process `pid`, or to a
 * group as with kill(), or to its thread `tid` unless that is 0? */
static bool ends_all(int pid, int tid, int signal)
{
	return unlikely(!*libc_single_threaded && fatal_stands_in(signal)) &&
	       ends(pid, tid, signal);
}

/* It was sent: wait for the end, unless somebody sets an action meanwhile. */
static COLD void wait_for_end(int signal)
{
	uint32_t now;

	for (int looks = 0; looks < LOOKS && fatal_ends(signal);) {
		now = phase_now();
		looks += !phase_is_busy(now);
		phase_wait(now);
	}
}

/*
 * name(parameters), with `signal`; `pid`, `tid`: whom that is for, as ends_all()
 * has it. Where it does not wait, nothing of its own is left on the stack.
 */
#define KILL(name, parameters, arguments, pid, tid)                            \
	static NOINLINE COLD int name##_noted parameters                       \
	{                                                                      \
		const uint64_t time = ends_sending(pid);                       \
		int result = real.name arguments;                              \
                                                                               \
		if (result)                                                    \
			ends_not_sent(pid, time);                              \
		return result;                                                 \
	}                                                                      \
                                                                               \
	EXPORT int name parameters                                             \
	{                                                                      \
		int result;                                                    \
                                                                               \
		real_resolve();                                                \
		if (unlikely(signal == SIGKILL))                               \
			return name##_noted arguments;                         \
		if (likely(!ends_all(pid, tid, signal)))                       \
			return real.name arguments;                            \
		result = real.name arguments;                                  \
		if (!result)                                                   \
			wait_for_end(signal);                                  \
		return result;                                                 \
	}
#include "kills.def"
#undef KILL

static NOINLINE COLD long call_noted(long number, long a, long b, long c,
				     long d, long e)
{
	const bool task = number == SYS_tkill; /* whose process is not known */
	const uint64_t time = task ? 0 : ends_sending((int)a);
	long result = real_syscall(number, a, b, c, d, e, 0);

	if (result && !task)
		ends_not_sent((int)a, time);
	return result;
}

/* Six registers are all there is: the caller has perhaps put nothing on the
 * stack. Where it does not wait, nothing of its own is left there, either. */
long kill_call(long number, long a, long b, long c, long d, long e);
HIDDEN USED long kill_call(long number, long a, long b, long c, long d, long e)
{
	typedef long call6(long, long, long, long, long, long);
	const bool thread =
	    number == SYS_tgkill || number == SYS_rt_tgsigqueueinfo;
	const bool only_thread = number == SYS_tkill;
	const int signal = (int)(thread ? c : b);
	call6 *make_it = (call6 *)(void *)real_syscall;
	long result;

	if (unlikely(signal == SIGKILL))
		return call_noted(number, a, b, c, d, e);
	if (likely(!ends_all(only_thread ? sys_pid() : (int)a,
			     thread        ? (int)b
			     : only_thread ? (int)a
					   : 0,
			     signal)))
		return make_it(number, a, b, c, d, e);
	result = make_it(number, a, b, c, d, e);
	if (!result)
		wait_for_end(signal);
	return result;
}
