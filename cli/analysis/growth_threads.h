/* SPDX-License-Identifier: MIT */
/* One type in one region: the threads in which it grows, and whether the
 * process does, too. */
#ifndef GROWTH_THREADS_H
#define GROWTH_THREADS_H

#include "growth.h"

/* The records of one row: what they have in common is the type. */
struct growth_entry {
	const char *type; /* equal types have the same pointer; NULL: all */
	const struct rkn_region *r;
};

/* One thread's passes. */
struct growth_lane {
	uint32_t thread;
	uint64_t passes;
	bool alone;   /* they are enough to be judged by themselves */
	bool stopped; /* before the others: they were the warm-up */
	/* Numbers of its first and last pass among the process's; 0: not
	 * known. */
	uint64_t first, last;
};

#define GROWTH_TICKS 256

/* How many passes of all lanes had ended at equal steps from the first one's
 * number to the last one's. */
struct growth_clock {
	bool known;
	uint64_t from, to; /* numbers */
	double passes[GROWTH_TICKS + 1];
};

struct growth_threads {
	const struct reading *in;
	const struct growth_options *o;
	struct growth_lane *lanes; /* ascending by thread: as they began */
	size_t lane_count;
	uint64_t together; /* passes of those with too few by themselves */
	uint64_t passes;   /* of all */
	struct growth_clock clock;
};

/* Over the threads in which it grows. */
struct growth_sum {
	struct growth_judgement judgement;
	int64_t all;     /* objects that all their passes left, warm-up too */
	int64_t bytes;   /* likewise */
	int64_t most;    /* objects in the thread with the most */
	char *series;    /* of it; the caller frees it */
	uint32_t thread; /* likewise, its index; 0: all together */
};

/* Which of them stopped before the others, and the clock: all but `lanes`,
 * `lane_count` and `passes` follows from these. */
void growth_threads_order(struct growth_threads *k);

/* Entries 0 .. n-1 are of one type, ascending by thread. Whether it grows. */
bool growth_threads_judge(const struct growth_threads *k,
			  const struct growth_entry *e, size_t n,
			  struct growth_sum *sum);

/* qsort()'s: entries by type, then thread. */
int growth_by_type(const void *a, const void *b);
/* The type of a row that is not of all blocks together; equal types have the same
 * pointer, which lives as long as `n`. */
const char *growth_type(struct names *n, const struct rkn_region *r);

/* The same of a row that names are not to change. */
const char *growth_identity(struct names *n, const struct rkn_region *r);

static inline bool growth_is_all(const struct rkn_region *r)
{
	return r->stack == RKN_NONE && r->type == RKN_NONE;
}

#endif
