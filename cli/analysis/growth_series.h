/* SPDX-License-Identifier: MIT */
/*
 * What the passes of a piece of code left, in their order, and whether that is
 * growth.  Up to 16 passes are known one by one, more passes in buckets of 2,
 * 4, 8, ..., as the shim keeps them (struct rkn_region).
 *
 * The rules.  The first `warmup` passes do not count (of buckets, those that
 * hold one of them); with fewer than `runs` after them there is no verdict.
 *
 * EVERY PASS: each pass after the warm-up leaves at least one object more than
 * it found. This is CPython's rule for `python -m test -R 3:3`
 * (check_rc_deltas in Lib/test/libregrtest/refleak.py, where [5, 5, 6] and
 * [10, 1, 1] are leaks, and [3, 0, 0], [0, 1, 0] and [8, -8, 1] are not).
 *
 * PERIODICALLY: not each pass, but without an end.  After the warm-up there are
 * at least 3 * runs passes, and all of this is so:
 *
 * - more than `runs` of them (or of the buckets) grow, and the sum at the end
 *   is at least five times the most that one pass left (four times, if half of
 *   the buckets grow): a few steps are not a trend;
 *
 * - each third of them grows, and the last third not slower than the first,
 *   but for the growth of one pass, or for chance: it has 65 % of the first
 *   one's rate or more, and a test of the trend (Mann and Kendall's, over all
 *   buckets) finds no decline.  A cache that fills up, or is filled ever more
 *   rarely, declines;
 *
 * - the gaps between passes that grow do not widen: the widest of the later
 *   half is wider than the widest of the earlier half by one at most, and so
 *   is the gap behind the last.  A table that grows by a factor has ever wider
 *   gaps, and growth that has stopped has one at the end;
 *
 * - the sum at the end is at least twice the deepest fall on the way, over
 *   several buckets or inside one: what goes up and down is not so high.
 *
 * If the whole is not growth, the passes without the first third may be, which
 * may have filled a cache: with at least 20 times the most that one pass left,
 * 80 % of the rate, and a test that finds a decline sooner.
 */
#ifndef GROWTH_SERIES_H
#define GROWTH_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include <refknot/format.h>

enum growth_verdict {
	GROWTH_STEADY,
	GROWTH_TOO_FEW, /* passes to judge */
	GROWTH_PERIODIC,
	GROWTH_EVERY_PASS,
};

struct growth_series {
	uint64_t passes;
	unsigned shift; /* a bucket is 1 << shift passes */
	int64_t growth[RKN_REGION_BUCKETS];
	/* Passes grown_since .. grown_until-1 grew, each of them, and none
	 * since; if `run_known`. */
	uint64_t grown_since, grown_until;
	bool run_known;
	int64_t least;      /* in one pass, or below that; 0 or less */
	int64_t most;       /* in one pass, or above that; 0 or more */
	uint64_t shrinking; /* passes that ended more than they made */
	int64_t level,
	    top;      /* of those pushed: what they left, the most of it */
	int64_t fall; /* the deepest below the top; INT64_MAX: not known */
};

struct growth_judgement {
	enum growth_verdict verdict;
	uint64_t passes; /* that count, after the warm-up */
	int64_t objects; /* that they left */
};

/* Of a row, out of `passes` passes of its region in its thread. The row must
 * have its buckets. */
void growth_series_init(struct growth_series *s, const struct rkn_region *r,
			uint64_t passes);
/* Adds another row of the same passes, or of others beside them, for the same
 * thing. */
void growth_series_add(struct growth_series *s, const struct growth_series *of);
/* Adds one pass; a series begins as { .run_known = true }. */
void growth_series_push(struct growth_series *s, int64_t growth);

struct growth_judgement growth_series_judge(const struct growth_series *s,
					    uint64_t warmup, uint64_t runs);

/* "+2 +2 +2": of the passes that count, or "+16 +16 +9 by 8 passes". The caller
 * frees it. */
char *growth_series_text(const struct growth_series *s, uint64_t warmup);
/* "+2 a pass", "+1 every 10 passes", of the noun "pass"; likewise. */
char *growth_rate_text(const struct growth_judgement *j, const char *noun);

#endif
