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
#include "stopped.h"
#include "sys.h"

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
