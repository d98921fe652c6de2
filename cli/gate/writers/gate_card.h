/* SPDX-License-Identifier: MIT */
/* What people read of one finding, or of one limit, that fails: its numbers, its
 * processes and its call stacks, in lines of text. */
#ifndef GATE_CARD_H
#define GATE_CARD_H

#include "gate.h"

/* A finding; of several processes with their sums. */
void gate_card_issue(FILE *out, const struct gate *g, const struct issue *i);

/* A limit that is exceeded, with the places where that is from; findings that
 * it counts are not in it. */
void gate_card_limit(FILE *out, const struct gate_rule *r);

/* Processes whose result cannot be relied on, one a line. */
void gate_card_gaps(FILE *out, const struct gate *g);

/* All that is known of a rule that failed: the above. */
void gate_card_rule(FILE *out, const struct gate *g, const struct gate_rule *r);

/* "server[17]" of a name, as it is, for the caller to free. */
char *gate_card_process(const char *name, uint32_t pid);

#endif
