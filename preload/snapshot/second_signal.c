/* SPDX-License-Identifier: MIT */
#include "second_signal.h"

#include <errno.h>

#include "process.h"
#include "sys.h"
#include "tasks.h"

static const int candidates[] = { SIGURG, SIGWINCH };
#define CANDIDATES (sizeof(candidates) / sizeof(*candidates))

/* 0: none. Atomic: handlers, and threads that set actions, read it meanwhile;
 * what follows is there before it is. */
static int chosen;
static void *handler;
static struct sys_action former;

bool second_signal_begin(const struct sys_action *action)
{
	for (unsigned i = 0; i < CANDIDATES && !chosen; i++) {
		const int number = candidates[i];

		if (sys_action(number, NULL, &former) < 0 ||
		    (former.handler != (void *)SIG_DFL &&
		     former.handler != (void *)SIG_IGN) ||
		    !tasks_second_signal(number))
			continue;
		handler = action->handler;
		__atomic_store_n(&chosen, number, __ATOMIC_RELEASE);
		if (sys_action(number, action, NULL) != 0)
			WRITE_ONCE(chosen, 0);
	}
	return chosen;
}

/* A thread that runs may have set another action since. Setting one that does
 * nothing drops what waits. */
void second_signal_end(void)
{
	struct sys_action now;

	if (!chosen)
		return;
	if (sys_action(chosen, NULL, &now) == 0 && now.handler == handler)
		sys_action(chosen, &former, NULL);
	WRITE_ONCE(chosen, 0);
}

void second_signal_forked(void)
{
	second_signal_end();
}

long second_signal_send(int tid)
{
	const int number = READ_ONCE(chosen);

	return number ? sys_signal_thread(process.pid, tid, number) : -EAGAIN;
}

bool second_signal_is_taken_by(int tid)
{
	return chosen && tasks_takes(tid, chosen);
}

/* Where it finds no room in the queue, the kernel forgets who sent it. A forked
 * child of a thread that runs has the action, too. */
bool second_signal_is_sent(int number, const siginfo_t *info)
{
	const bool told = info->si_code == SI_TKILL;

	return number == READ_ONCE(chosen) && process.pid == sys_pid() &&
	       (told || info->si_code == SI_USER) &&
	       info->si_pid == (told ? process.pid : 0);
}

void second_signal_tell(int number, struct sigaction *told)
{
	if (number != __atomic_load_n(&chosen, __ATOMIC_ACQUIRE) ||
	    (void *)told->sa_sigaction != handler)
		return;
	told->sa_handler =
	    former.handler == (void *)SIG_IGN ? SIG_IGN : SIG_DFL;
	told->sa_flags = (int)(former.flags & ~(unsigned long)SYS_RESTORER);
	*(uint64_t *)&told->sa_mask = former.mask;
}
