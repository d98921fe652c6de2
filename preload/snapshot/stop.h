/* SPDX-License-Identifier: MIT */
/*
 * The other threads, held still for a snapshot: by a signal whose handler
 * lives only that long.  The kernel's signal frame puts every register, vector
 * registers too, on the thread's stack, above `low`.
 */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"
#include "process.h"
#include "sys.h"

struct task;

struct stopped {
	uint32_t tid; /* written last */
	uint64_t
	    low;     /* everything from here up is to be searched; 0: not known,
			 it is on its signal stack */
	uint64_t sp; /* low .. sp-1 holds registers */
	uint64_t pointer;        /* the thread pointer */
	uint64_t alternate;      /* start of its signal stack; 0: none */
	bool moves;              /* a block that is not listed meanwhile */
	bool lends;              /* a child runs on its stack, below `low` */
	bool left;               /* it stands no more: see stop_gone_on() */
	const struct task *task; /* not NULL: it did not stop, but waits in the
				    kernel, which shows that much of it;
				    `pointer` is 0 */
};

#define STOP_MOST (1u << 17) /* threads */

struct stop {
	uint32_t count;          /* threads that stand still */
	uint32_t running;        /* threads that do not */
	uint32_t unread;         /* of `count`: those with a `task` */
	struct stopped *threads; /* there is room for one more */
};

/* Since stop_begin(), and in its caller: does a thread run that could not be
 * stopped? */
extern HIDDEN bool stop_runs;

/* Copy memory that is mapped, and may be read, as long as no thread runs.
 * False: it is gone. */
static inline bool stop_read(void *to, uint64_t from, size_t size)
{
	if (unlikely(stop_runs))
		return sys_peek(process.pid, to, from, size) == (long)size;
	memcpy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/* Find out what stop_note_interrupted() needs, once; it does itself, if it has
 * to. */
void stop_know_frames(void);

/* The calling thread: in a function whose caller's frames begin at `low`, .. */
void stop_note_caller(struct stopped *s, uint64_t low);
/* .. or in a signal handler with that siginfo_t and ucontext_t, whose frames
 * begin at `low`. Zeroes what is no register's value in its frame. */
void stop_note_interrupted(struct stopped *s, void *info, void *context,
			   uint64_t low);
/* Stop all threads but the caller's. No lock may be assumed free until
 * stop_end(): a stopped thread may hold it. */
void stop_begin(struct stop *s);
/* Add the thread that has stopped them, which stands still as well. */
void stop_add(struct stop *s, const struct stopped *self);
/* How many of those that did not stop have gone on meanwhile? They are marked
 * as `left`. */
uint32_t stop_gone_on(struct stop *s);
/* Ask for the calling thread's stop once more: it could not stop when asked. */
void stop_self(void);
/*
 * Let the threads go on: where the process ends (`last`) a moment later, so
 * that they never do, and do not see system calls that were cut short.
 */
void stop_end(bool last);

#endif
