/* SPDX-License-Identifier: MIT */
/* The gate's tests, one a rule, and its last line. */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "gate.h"

/* Set g->rules. The issues are sorted and counted. */
void gate_rules_make(struct gate *g);
/* Set g->summary. g->status is known. */
void gate_rules_sum_up(struct gate *g);

#endif
