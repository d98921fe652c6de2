/* SPDX-License-Identifier: MIT */
/* The gate's tests, one a rule. */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "gate.h"

/* "orphaned cycle": the name of one of a kind, for people. */
const char *gate_noun(enum finding_kind kind);

/* Sets the rules of g->verdict. The issues are sorted. */
void gate_rules_make(struct gate *g);

#endif
