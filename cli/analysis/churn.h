/* SPDX-License-Identifier: MIT */
/* What was allocated over a whole run, and how long it lived. */
#ifndef CHURN_H
#define CHURN_H

#include "groups.h"

#define CHURN_ERROR 256 /* births of a thread that others do not know of */

struct churn_row {
	char *key; /* as that of a group */
	uint64_t allocations;
	uint64_t bytes; /* of these */
	uint64_t frees;
	uint64_t copies; /* by realloc, to another address */
	uint64_t copied_bytes;
	/* Of the freed blocks, by samples, shares of each lifetime: see struct
	 * rkn_lives. */
	double lives[RKN_LIFE_BUCKETS];
	double sampled; /* the sum of these; 0: nothing is known */
	double lived;   /* births in the lives of all these, about */
};

struct churn {
	struct churn_row *rows; /* by what was asked for, the most first */
	size_t count;
	struct churn_row total, all; /* of the rows, and of the process */
};

/*
 * By type (that stacks allocate), site, function or file. `function` NULL: of all;
 * else of what that function and all that it called allocated, each call stack
 * once, and false if no stack has it. Dies when out of memory.
 */
bool churn_make(struct churn *c, const struct reading *in, enum group_by by,
		enum group_sort sort, const char *function);
void churn_release(struct churn *c);

/* The part of the sampled blocks that were freed before another was allocated. */
double churn_temporary(const struct churn_row *row);
/* As lives_mean(). */
double churn_mean(const struct churn_row *row);
/* The births below which the lives of `part` of the blocks are; 0: temporary;
 * UINT64_MAX: no bound is known. */
uint64_t churn_below(const struct churn_row *row, double part);

#endif
