/* SPDX-License-Identifier: MIT */
/*
 * The distinct values in a stream of 64-bit numbers. Memory follows the
 * distinct ones, not the stream.
 */
#ifndef DISTINCT_H
#define DISTINCT_H

#include <stddef.h>
#include <stdint.h>

#define DISTINCT_RECENT 256

struct distinct {
	uint64_t *values;
	size_t count;  /* in use; some may be twice until distinct_sort */
	size_t sorted; /* values[0..sorted) ascend, each once */
	size_t capacity;
	uint64_t recent[DISTINCT_RECENT]; /* cache of values just seen */
};

/* All zero is an empty set. Dies when out of memory. */
void distinct_add(struct distinct *d, uint64_t value);
/* Make values[0..count) ascend, each once. */
void distinct_sort(struct distinct *d);
/* Empty it, but keep its memory. */
void distinct_clear(struct distinct *d);
void distinct_release(struct distinct *d);

/* A number that spreads well over all 64 bits; the same on every machine. */
uint64_t distinct_mix(uint64_t value);

#endif
