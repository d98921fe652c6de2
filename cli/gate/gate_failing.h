/* SPDX-License-Identifier: MIT */
/* Which findings and processes fail the gate. */
#ifndef GATE_FAILING_H
#define GATE_FAILING_H

#include "gate.h"

/* Whether the finding fails the gate, by itself or because a limit on what is
 * leaked counts it and is exceeded. */
bool gate_fails(const struct gate *g, const struct issue *i);
/* Whether it does so by that rule. */
bool gate_fails_by(const struct gate *g, const struct gate_rule *r,
		   const struct issue *i);
/* Whether it is to be told at all to those who compare reports. */
bool gate_tells(const struct gate *g, const struct issue *i);
/* Whether it is one of those that are neither accepted nor suppressed, but do not
 * fail. */
bool gate_lets_pass(const struct gate *g, const struct issue *i);

/* How many processes cannot be relied on, or 1 where there is none, if that fails
 * the gate. */
size_t gate_gaps(const struct gate *g);

/* How many processes were killed; `ok`: only those of which that is accepted. */
size_t gate_killed(const struct gate *g, bool ok);

#endif
