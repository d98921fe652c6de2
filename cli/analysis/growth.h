/* SPDX-License-Identifier: MIT */
/*
 * Which regions of a program leave more behind pass after pass, and what.  The
 * rules for the passes of one thread are in growth_series.h.  Beyond them:
 *
 * - Rows of one type, or of untyped blocks of one function, are one.
 *
 * - A thread with enough passes is judged by its own; but if it stopped before
 *   the threads began that made the last third of all passes, it was the
 *   warm-up: what grew in it came to an end.
 *
 * - Passes of threads that made too few are taken together, one thread after
 *   another in the order in which they began. Only the rule for every pass
 *   holds, and growth is only what is still alive when its thread has ended:
 *   else it might be what threads set up for themselves.
 *
 * - What grows in no thread by itself may grow in all of them together: their
 *   buckets are put side by side, in the order of the process's passes.
 *
 * - What other threads freed is not growth: the whole process must have at
 *   least half of it more after the last pass than before the first (if that
 *   is not known: at its end).
 *
 * - If no row grows, all blocks together may grow in every pass, each time of
 *   other types.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include <stddef.h>

#include "growth_series.h"
#include "reading.h"

#define GROWTH_CALLERS 8 /* most that are named */

struct growth_options {
	uint64_t warmup;
	uint64_t runs;              /* 1 or more */
	const char *const *regions; /* their names; none: all */
	size_t region_count;
};

/* What grows. */
struct growth_row {
	char *type;     /* control characters escaped */
	char *identity; /* the same in every version; see names_type_before() */
	char *place;    /* "parse at parse.c:40 (prog)"; NULL: not known */
	uint32_t stack; /* of that place; RKN_NONE: not known */
	char *callers; /* of that place, see place_callers(); NULL: not known */
	struct growth_judgement
	    judgement; /* of all threads in which it grows */
	int64_t bytes; /* likewise */
	char *rate;    /* "+2 a pass" */
	char *series;  /* "+2 +2 +2", of the thread in which it grows most */
	uint32_t tid;  /* of that thread, if the region has several; 0: all of
			  them together */
	bool is_main;  /* it is the first thread */
};

struct growth_region {
	char *name;                  /* control characters escaped */
	enum growth_verdict verdict; /* the worst of its rows */
	bool lost; /* not all of its changes are known: no green */
	uint64_t passes;
	uint64_t threads;        /* that made them */
	uint64_t stopped;        /* of these: were the warm-up */
	uint64_t stopped_passes; /* that they made */
	uint32_t stopped_tid;    /* of the first of them */
	bool stopped_is_main;
	struct growth_row *rows; /* every pass first, the most objects first */
	size_t count;
};

struct growth {
	struct growth_region *list;
	size_t count;
};

/* Regions of `o` that the recording does not have are regions without passes.
 * Dies when out of memory. */
void growth_make(struct growth *g, const struct reading *in,
		 const struct growth_options *o);
void growth_release(struct growth *g);
void growth_row_release(struct growth_row *r);

/* Whether a gate must be red for it. */
bool growth_fails(const struct growth_region *r);

#endif
