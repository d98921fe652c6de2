/* SPDX-License-Identifier: MIT */
/* Regions and marks out of a live store, sorted, with the parts' numbers. */
#include <stdlib.h>

#include "store_file.h"

static uint32_t known(const struct store_file *s, enum rkn_chunk_type type,
		      uint32_t number)
{
	return number < s->parts.of[type].count ? number : 0;
}

/* A stack's number in the parts, of a record that has a stack. */
static void mend_key(const struct store_file *s, uint32_t *stack,
		     uint32_t *type)
{
	if (*stack != RKN_NONE) {
		*stack = store_file_stack(s, *stack);
		*type = RKN_NONE;
	} else if (*type != RKN_NONE) {
		*type = known(s, RKN_CHUNK_NAMES, *type);
	}
}

#define ORDER(x, y, member)                                                    \
	if ((x)->member != (y)->member)                                        \
	return (x)->member < (y)->member ? -1 : 1

static int by_region(const void *a, const void *b)
{
	const struct rkn_region *x = a, *y = b;
	bool all_x = x->stack == x->type, all_y = y->stack == y->type;

	ORDER(x, y, name);
	ORDER(x, y, thread);
	if (all_x != all_y)
		return all_x ? -1 : 1;
	ORDER(x, y, type);
	ORDER(x, y, stack);
	return 0;
}

/* Stacks that were cut to one depth may be one now: their rows stay two. */
static int read_regions(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_REGIONS];
	int error = store_file_part(s, STORE_PASSES, RKN_CHUNK_REGIONS);
	struct rkn_region *r = part->records;
	size_t kept = 0;

	for (size_t i = 0; !error && i < part->count; i++) {
		if (!r[i].passes && !r[i].begun)
			continue;
		r[kept] = r[i];
		r[kept].name = known(s, RKN_CHUNK_NAMES, r[i].name);
		r[kept].thread = known(s, RKN_CHUNK_THREADS, r[i].thread);
		mend_key(s, &r[kept].stack, &r[kept].type);
		if (r[kept].buckets != RKN_REGION_BUCKETS ||
		    r[kept].series_shift >= 64)
			r[kept].buckets = 0;
		kept++;
	}
	if (kept)
		qsort(r, kept, sizeof(*r), by_region);
	part->count = kept;
	return error;
}

static int by_time(const void *a, const void *b)
{
	const struct rkn_mark *x = a, *y = b;

	ORDER(x, y, time_ns);
	ORDER(x, y, number);
	return 0;
}

static int read_marks(struct store_file *s, size_t census)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_MARKS];
	int error = store_file_part(s, STORE_MARKS, RKN_CHUNK_MARKS);
	struct rkn_mark *m = part->records;
	size_t kept = 0;

	for (size_t i = 1; !error && i < part->count; i++) {
		if (!m[i].number)
			continue;
		m[kept] = m[i];
		m[kept].name = known(s, RKN_CHUNK_NAMES, m[i].name);
		m[kept].thread = known(s, RKN_CHUNK_THREADS, m[i].thread);
		m[kept].room = 0;
		if (m[i].first > census || m[i].rows > census - m[i].first)
			m[kept].first = m[kept].rows = 0;
		kept++;
	}
	if (kept)
		qsort(m, kept, sizeof(*m), by_time);
	part->count = kept;
	return error;
}

int store_marks(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_CENSUS];
	int error = store_file_part(s, STORE_CENSUS, RKN_CHUNK_CENSUS);
	struct rkn_census *c = part->records;

	if (part->count == 1) /* row 0 is not used */
		part->count = 0;
	for (size_t i = 0; !error && i < part->count; i++) {
		mend_key(s, &c[i].stack, &c[i].type);
		if (c[i].stack == RKN_NONE && c[i].type == RKN_NONE)
			c[i].stack = 0;
	}
	if (!error)
		error = read_marks(s, part->count);
	return error ? error : read_regions(s);
}
