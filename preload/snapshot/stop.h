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

/* Since stop_begin(), and in its caller: whether a thread runs that could not
 * be stopped, or stands where it may go on at any time. */
extern HIDDEN bool stop_runs;

/* Copies memory that is mapped and readable as long as no thread runs. False if
 * it is gone. */
static inline bool stop_read(void *to, uint64_t from, size_t size)
{
	if (unlikely(stop_runs))
		return sys_peek(process.pid, to, from, size) == (long)size;
	memcpy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/* Stops all threads but the caller's. No lock may be assumed free until
 * stop_end(): a stopped thread may hold it. */
void stop_begin(struct stop *s);
/* Adds the calling thread, which stands still as well. */
void stop_add(struct stop *s, const struct stopped *self);
/* How many threads that did not stop have gone on meanwhile; marks them as
 * `left`. */
uint32_t stop_gone_on(struct stop *s);
/* Asks for the calling thread's stop once more: it could not stop before. */
void stop_self(void);
/*
 * Lets the threads go on. If the process ends (`last`) a moment later: so they
 * never do, and do not see system calls that were cut short.
 */
void stop_end(bool last);

#endif
