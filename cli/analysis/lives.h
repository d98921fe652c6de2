/* SPDX-License-Identifier: MIT */
/* How long the blocks of a call stack lived, as far as samples of frees say. */
#ifndef LIVES_H
#define LIVES_H

#include "model.h"

/* Why nothing is known of it: a clause; NULL: it is. */
const char *lives_why_unknown(const struct model *m);

/* NULL: nothing is known of that stack's. */
const struct rkn_lives *lives_of(const struct model *m, uint32_t stack);

/* The first number of births that is beyond bucket `i`. */
uint64_t lives_bound(unsigned i);

/* About how many blocks were allocated while one of them lived: within a factor of 3,
 * as a bucket's upper bound is eight times the lower one. The last one's has no such
 * bound, and is taken to be as long. */
double lives_mean(const struct model *m, const struct rkn_lives *l);

/* What the stack's blocks had that were freed before another was handed out: as
 * many frees as the samples stand for, of the mean size that was freed. What
 * realloc() took or returned is not in it. */
struct lives_sum {
	uint64_t blocks;
	uint64_t bytes;
};
struct lives_sum lives_temporary(const struct model *m, uint32_t stack);

#endif
