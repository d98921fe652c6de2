/* SPDX-License-Identifier: MIT */
/*
 * The threads of a snapshot by whatever is known of them, in order, so that
 * 10,000 of them with 20,000 mappings take no time.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "stop.h"

/* Once the threads are stopped; false: no memory. What is asked below is of
 * that moment. */
bool members_init(const struct stop *s);

/* The thread with that number, if it stands; NULL. */
const struct stopped *members_find(uint32_t tid);
/* A thread whose stack's used part begins in start .. end-1; NULL. */
const struct stopped *members_on(uint64_t start, uint64_t end);
/* Is a thread alive whose thread pointer is that? */
bool members_point_at(uint64_t pointer);
/* Is any thread's signal stack there? */
bool members_signals_in(uint64_t start, uint64_t end);
/* Thread pointers, of living threads or ended ones, in start .. end-1: how many,
 * and in *first the lowest. */
uint32_t members_pointers(uint64_t start, uint64_t end, uint64_t *first);
/* The thread's serial in the recording; RKN_NONE: it has none. */
uint32_t members_serial(uint32_t tid);

#endif
