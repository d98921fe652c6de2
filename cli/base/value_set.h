/* SPDX-License-Identifier: MIT */
/*
 * The distinct values in a stream of 64-bit numbers. Memory follows the
 * distinct ones, not the stream.
 */
#ifndef VALUE_SET_H
#define VALUE_SET_H

#include <stddef.h>
#include <stdint.h>

#define DISTINCT_RECENT 256

struct value_set {
	uint64_t *values;
	size_t count;  /* in use; some may be twice until value_set_sort */
	size_t sorted; /* values[0..sorted) ascend, each once */
	size_t capacity;
	uint64_t recent[DISTINCT_RECENT]; /* cache of values just seen */
};

/* All zero is an empty set. Dies when out of memory. */
void value_set_add(struct value_set *d, uint64_t value);
/* Makes values[0..count) ascend, each once. */
void value_set_sort(struct value_set *d);
/* A number for the values, whatever their order was. */
uint64_t value_set_hash(struct value_set *d);
void value_set_release(struct value_set *d);

/* A number that spreads well over all 64 bits; the same on every machine. */
uint64_t value_set_mix(uint64_t value);

#endif
