/* SPDX-License-Identifier: MIT */
/*
 * The threads of a snapshot, in order by each thing that is known of them, so
 * that 10,000 of them with 20,000 mappings take no time.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"
#include "stop.h"

/* Once the threads are stopped; false if there is no memory. All that follows
 * is of that moment. */
bool members_init(const struct stop *s);

/* The thread with that number; NULL if it is not stopped. */
const struct stopped *members_find(uint32_t tid);
/* A thread whose stack's used part begins in start .. end-1; NULL if there is
 * none. */
const struct stopped *members_on(uint64_t start, uint64_t end);
/* Whether a live thread has that thread pointer. */
bool members_point_at(uint64_t pointer);
/* The live thread with the lowest thread pointer in start .. end-1; NULL: there
 * is none. */
const struct stopped *members_pointing(uint64_t start, uint64_t end);
/* Whether a thread's signal stack is there. */
bool members_signals_in(uint64_t start, uint64_t end);
/* How many thread pointers, of living or ended threads, are in start .. end-1;
 * *first is the lowest. */
uint32_t members_pointers(uint64_t start, uint64_t end, uint64_t *first);
/* The thread's serial in the recording; RKN_NONE if it has none. */
uint32_t members_serial(uint32_t tid);

/* Finds the threads that run because they could not be stopped: what they have
 * in registers is not known, and the pointers on their stacks move while those
 * are read. False if no thread runs. */
bool members_run(void);
/* Whether one of these has allocated the block, or it was freed since it was
 * listed; true if its thread is not known. */
bool members_may_hold(const struct blocks *b, uint32_t i);

#endif
