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
/* Whether formats for readers that compare reports have it at all. */
bool gate_tells(const struct gate *g, const struct issue *i);
/* Whether it is neither accepted nor suppressed, but does not fail. */
bool gate_lets_pass(const struct gate *g, const struct issue *i);

/* How many processes have incomplete results, 1 if there was none; 0 if that
 * does not fail the gate. */
size_t gate_gaps(const struct gate *g);

/* How many processes were killed; `ok`: only those that may be. */
size_t gate_killed(const struct gate *g, bool ok);

#endif
