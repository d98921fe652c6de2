/* SPDX-License-Identifier: MIT */
/* The gate's tests, one a rule. */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "gate.h"

/* Sets the rules of g->verdict. The issues are sorted. */
void gate_rules_make(struct gate *g);

#endif
