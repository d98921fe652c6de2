/* SPDX-License-Identifier: MIT */
/* The gate's tests, one a rule. */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "gate.h"

/* "orphaned cycle": what people call one of a kind. */
const char *gate_noun(enum finding_kind kind);

/* Set the rules of g->verdict. The issues are sorted. */
void gate_rules_make(struct gate *g);

#endif
