/* SPDX-License-Identifier: MIT */
/*
 * What was alive when: points of sums and key frames by stack, in the store, of
 * bounded number however long the run is (docs/timeline.md).  Only slow ways come
 * here.  Nothing waits for a lock; all of it may run inside malloc and in a signal
 * handler.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <refknot/format.h>

#include "compiler.h"

#define TIMELINE_MANY 64 /* threads, to add up which takes a while */

/* How far the run has come in any of these ways, for the next point. */
struct timeline_step {
	uint64_t time_ns;
	uint64_t births;
	uint64_t volume; /* bytes allocated and freed */
};

/* A recording begins: there is nothing yet. */
void timeline_reset(void);

/* Nanoseconds since the recording's start, as of the last look by any thread. */
uint64_t timeline_now(void);
/* The same after a look at the clock; false: it cannot be read. */
bool timeline_tick(uint64_t births);
/* The same to the nanosecond, by a system call. */
void timeline_tick_exactly(uint64_t births);
/* timeline_tick(), unless few numbers of births were used since the last look. */
uint64_t timeline_at(uint64_t births);
/* It is known that so many have passed. */
void timeline_set_now(uint64_t now);

/* Whether so many live bytes are that far from the last point. Without a clock. */
bool timeline_moved(int64_t bytes);

/* Whether so many would be the most or the least since the last point, and count. */
bool timeline_is_extreme(int64_t bytes);

/* A look, with what is about alive: true asks for timeline_take(). */
bool timeline_look(uint64_t births, int64_t bytes);

/* Takes a point, unless another thread is at it, and a key frame if it is time for
 * one. `bytes`: that are alive in all threads. */
void timeline_take(uint64_t births, int64_t bytes);

/*
 * Which of `count` (2 or more) points, `size` bytes apart, to keep, the first and
 * the last always: at most `most` (5 or more), in keep[], and evenly by `*step`,
 * which is set. Returns how many.
 */
uint32_t timeline_choose(const struct rkn_point *points, size_t size,
			 uint32_t count, uint32_t most,
			 struct timeline_step *step, bool *keep);

#endif
