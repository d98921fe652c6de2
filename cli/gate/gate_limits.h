/* SPDX-License-Identifier: MIT */
/* Limits on amounts: what is alive at the end, what regions leave, leaks. */
#ifndef GATE_LIMITS_H
#define GATE_LIMITS_H

#include "gate.h"

/* Makes room for what each limit finds, if there is none yet. */
void gate_limits_open(struct gate *g);

/* Notes what the limits ask for in one recording. */
void gate_limits_add(struct gate *g, const struct reading *in);

/* Whether --max-leaked-* is given and about that kind, so that a new finding of
 * it does not fail by itself. */
bool gate_limits_cover(const struct gate_options *o, enum finding_kind kind);
/* Whether it is counted there: it is not accepted. */
bool gate_limits_count(const struct gate_options *o, const struct issue *i);

/* What of a finding --max-leaked-* counts: what is lost and not accepted. */
struct gate_excess {
	uint64_t bytes, objects;
};

/* Of what has grown that is beyond the baseline; objects by the share of
 * instances that are more, as the baseline has no number of objects. */
struct gate_excess gate_limits_excess(const struct issue *i);

#endif
