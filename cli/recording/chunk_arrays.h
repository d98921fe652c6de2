/* SPDX-License-Identifier: MIT */
/*
 * A recording's arrays by chunk type: both readers fill them, and the writer
 * empties them.  chunk_array_kinds is the one list of what a recording holds.
 */
#ifndef CHUNK_ARRAYS_H
#define CHUNK_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

#define PARTS (RKN_CHUNK_CONTENTS + 1) /* by enum rkn_chunk_type; 0 is unused */

struct chunk_array {
	void *records; /* STRINGS: bytes */
	size_t count;
	size_t capacity; /* records that there is memory for */
};

struct chunk_arrays {
	struct chunk_array of[PARTS];
};

#define OLD_SIZES 3 /* most that a record has had */

struct chunk_array_kind {
	size_t array, number; /* where struct model has its address and count;
				 0: it has none */
	size_t record_size;
	const char *name; /* "frames", as errors have it */
	/* Why record `i` is wrong: a clause; NULL if it is right. The parts
	 * that it refers to are complete. NULL instead of a function: any
	 * record is right. */
	const char *(*check)(const struct chunk_arrays *p, size_t i);
	/* Bytes that it had in earlier minor versions; 0: as many. Missing bytes
	 * are 0. */
	size_t old_sizes[OLD_SIZES];
};

extern const struct chunk_array_kind chunk_array_kinds[PARTS];

/* Of what is less sums and differences cannot overflow; no run has as much. */
bool chunk_arrays_too_much(const struct rkn_point *p);

/* The order of struct rkn_wide, for qsort and bsearch. */
int chunk_arrays_compare_wide(const void *a, const void *b);

/* Makes room for `more` records behind the last; 0 or -ENOMEM. */
int chunk_array_grow(struct chunk_array *p, size_t record_size, size_t more);

/* An empty array gets `count` records, which are not set; 0 or -ENOMEM. */
int chunk_array_take(struct chunk_array *p, size_t record_size, size_t count);

/*
 * Checks the records from `first` on. Returns NULL, or a clause about record
 * *bad. META is checked like the others, once the strings are complete.
 */
const char *chunk_arrays_check(const struct chunk_arrays *p,
			       enum rkn_chunk_type type, size_t first,
			       size_t *bad);

/* Clears what does not point into the strings: they may be incomplete. */
void chunk_arrays_mend_meta(struct chunk_arrays *p);

/* Adds the records with number 0 that a model always has, and the NUL behind
 * the strings; 0 or -ENOMEM. */
int chunk_arrays_complete(struct chunk_arrays *p);

/* The model's array of that type, which it keeps; empty: it has none. */
struct chunk_array chunk_array_of(const struct model *m,
				  enum rkn_chunk_type type);

/* The model takes the memory; META must be there. */
void chunk_arrays_to_model(struct chunk_arrays *p, struct model *m);

void chunk_arrays_release(struct chunk_arrays *p);

#endif
