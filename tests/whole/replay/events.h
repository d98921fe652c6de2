/* SPDX-License-Identifier: MIT */
/*
 * A program's own log of what it allocated and freed, in a file of its own:
 * struct log, then its events, each at the place that its order gives. An
 * allocation is noted after it, a free before it, so that of one address the
 * order is the truth in all threads.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdatomic.h>
#include <stdint.h>

#define LOG_PLACES 8

enum log_kind {
	LOG_NONE,
	LOG_ALLOC,
	LOG_FREE,
	LOG_KEPT, /* the free before it, in a realloc, did not take place */
};

struct log_event {
	uint64_t address;
	uint64_t size;   /* bytes requested, if an allocation */
	uint32_t thread; /* tid */
	uint16_t place;  /* where the block was allocated */
	uint16_t kind;   /* enum log_kind; written last */
};

struct log {
	uint64_t places[LOG_PLACES]; /* addresses of the functions */
	uint64_t capacity;           /* events */
	_Atomic uint64_t count;      /* handed out; may exceed the capacity */
	uint32_t threads;
	uint32_t stopped; /* the threads had ended when the program did */
	struct log_event events[];
};

#endif
