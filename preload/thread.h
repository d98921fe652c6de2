/* SPDX-License-Identifier: MIT */
/*
 * One thread's part of the recording, and the answer to "am I inside refknot
 * already?": the only place that knows.  No pthread key and no destructor: an
 * area whose thread has ended is found and taken over by a later one.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "process.h"
#include "store.h"
#include "unwind.h"

#define THREAD_RANGES 16
#define THREAD_AREAS  8192

struct thread {
	uint32_t epoch; /* process_page.epoch when it was attached */
	uint32_t serial;
	uint64_t busy; /* where on the stack it is inside refknot; 0: it is
			  not. A nested call comes from a signal handler */
	bool moving;   /* in realloc: where its block is cannot be told */
	bool wanted;   /* meanwhile it was asked to stop */
	struct store_area *area;
	uint64_t birth, birth_end; /* numbers to give out */
	int64_t live;              /* bytes, since they were last published */
	int64_t live_most;         /* highest value of `live` since then */
	struct cfi_bounds ranges[THREAD_RANGES]; /* stacks known to be mapped */
	struct walk walk;
};

extern _Thread_local struct thread *thread_self;

struct thread *thread_enter_slowly(uint64_t here);

/* The thread, until thread_leave(); NULL: not recording, or nested. */
static inline struct thread *thread_enter(void)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	struct thread *t = thread_self;

	if (unlikely(!t || t->epoch != process_page.epoch || t->busy))
		t = thread_enter_slowly(here);
	if (likely(t)) {
		t->busy = here;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
	return t;
}

static inline void thread_leave(struct thread *t)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->busy = 0;
}

/*
 * This thread begins or ends to move a block. If it was asked to stop in
 * between, it stops at the end.
 */
void thread_move(bool moving);
/* For the stop signal's handler: is it moving one? Then it stops later. */
bool thread_moves(void);

/* Where the mapped words above `sp` end; 0: cannot tell. */
uint64_t thread_stack_end_slowly(struct thread *t, uint64_t sp);
static inline uint64_t thread_stack_end(struct thread *t, uint64_t sp)
{
	if (likely(sp >= t->ranges[0].least && sp < t->ranges[0].most))
		return t->ranges[0].most;
	return thread_stack_end_slowly(t, sp);
}

/* The next birth number. */
uint64_t thread_birth_slowly(struct thread *t);
static inline uint64_t thread_birth(struct thread *t)
{
	if (unlikely(t->birth == t->birth_end))
		return thread_birth_slowly(t);
	return t->birth++;
}

/* Counters of `stack` for this thread; NULL: no room. */
struct store_counter *thread_counter(struct store_area *area, uint32_t stack);

/* Add what the thread holds to the process's live bytes and peak. */
void thread_publish(struct thread *t);
#define THREAD_PUBLISH (64 << 10) /* bytes of change that make it publish */

/* The same for every thread: only while none runs. */
void thread_publish_all(void);

/*
 * Thread pointers of all threads that ever were, each once: for the snapshot.
 * The next one from slot `*at` on; 0: the end.
 */
uint64_t thread_pointers_next(uint32_t *at);

#endif
