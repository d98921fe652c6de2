/* SPDX-License-Identifier: MIT */
/*
 * Who changes the ledger, and who looks at it as a whole: many threads at once,
 * or one alone.  The many pay two plain stores; the one asks the kernel for the
 * barrier that they save (membarrier), and waits until none is inside.
 */
#ifndef WORLD_H
#define WORLD_H

#include "thread.h"

struct world {
	uint32_t closed; /* by whom, see world_close(); 0: open */
	uint32_t times;  /* that somebody tried to close it */
	bool fences;     /* the kernel has no such barrier: all use their own */
};
extern HIDDEN struct world world;

/* Forget all: a child has no other threads. */
void world_reset(void);

void world_enter_slowly(struct thread *t);

/* `t` is inside refknot; until world_leave(). */
static inline void world_enter(struct thread *t)
{
	__atomic_store_n(&t->world, 1, __ATOMIC_RELAXED);
	if (unlikely(world.fences))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&world.closed, __ATOMIC_ACQUIRE)))
		world_enter_slowly(t);
}

static inline void world_leave(struct thread *t)
{
	__atomic_store_n(&t->world, 0, __ATOMIC_RELEASE);
}

/* Be alone until world_open(). False: it cannot be had; some thread does not
 * come out. */
bool world_close(struct thread *t);
void world_open(void);

#endif
