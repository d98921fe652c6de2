/* SPDX-License-Identifier: MIT */
#include "listeners.h"

#include <string.h>

#include "process.h"
#include "sys.h"
#include "thread.h"

#define LISTENERS 16

struct listener {
	refknot_callback *callback;
	void *data;
};

/*
 * A change is made in the list that is not in use; then `version` grows, whose
 * last bit says which one is. So a reader, which may be a child forked in the
 * middle of a change, always has a whole one.
 */
static struct {
	/* The first without a callback ends a list. */
	struct listener of[2][LISTENERS];
	uint32_t version;
	uint32_t lock; /* area of the thread that makes a change; 0: none */
} listeners;

void listeners_reset(bool forked)
{
	if (!forked)
		memset(&listeners, 0, sizeof(listeners));
	listeners.lock = 0;
}

static COLD bool change(const struct listener *l, bool add)
{
	const struct listener *now = listeners.of[listeners.version % 2];
	struct listener *next = listeners.of[(listeners.version + 1) % 2];
	unsigned count = 0, at = 0;

	while (count < LISTENERS && now[count].callback)
		count++;
	while (at < count && (add || now[at].callback != l->callback ||
			      now[at].data != l->data))
		at++;
	if (at == (add ? LISTENERS : count))
		return false;
	for (unsigned i = 0; i < LISTENERS; i++) {
		unsigned from = !add && i >= at ? i + 1 : i;
		struct listener one = { 0 };

		if (from < count)
			one = now[from];
		else if (add && i == at)
			one = *l;
		WRITE_ONCE(next[i].callback, one.callback);
		WRITE_ONCE(next[i].data, one.data);
	}
	__atomic_store_n(&listeners.version, listeners.version + 1,
			 __ATOMIC_SEQ_CST);
	return true;
}

/* A thread that left a handler by longjmp has it no longer. */
static void lock(const struct thread *t)
{
	for (uint32_t tries = 1;; tries++) {
		uint32_t owner = READ_ONCE(listeners.lock);

		if ((!owner || owner == t->number ||
		     (tries > 1000 && !thread_is_inside(owner))) &&
		    __atomic_compare_exchange_n(
			&listeners.lock, &owner, t->number, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		sys_rest(tries < 1000 ? 0 : 100000);
	}
}

int listeners_change(refknot_callback *callback, void *data, bool add)
{
	struct listener l = { callback, data };
	struct thread *t =
	    callback && process_ready() ? thread_enter_call() : NULL;
	bool done;

	if (!t)
		return -1;
	lock(t);
	done = change(&l, add);
	__atomic_store_n(&listeners.lock, 0, __ATOMIC_RELEASE);
	thread_leave(t);
	return done ? 0 : -1;
}

void listeners_call(enum refknot_phase phase, int generation, long found,
		    long uncollectable)
{
	for (unsigned i = 0; i < LISTENERS; i++) {
		struct listener l;
		uint32_t version;

		do {
			const struct listener *now;

			version = __atomic_load_n(&listeners.version,
						  __ATOMIC_SEQ_CST);
			now = &listeners.of[version % 2][i];
			l.callback = READ_ONCE(now->callback);
			l.data = READ_ONCE(now->data);
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
		} while (version != READ_ONCE(listeners.version));
		if (!l.callback)
			return;
		l.callback(phase, generation, found, uncollectable, l.data);
	}
}
