/* SPDX-License-Identifier: MIT */
/* What a recording lacks that a gate cannot do without. */
#ifndef GATE_GAP_H
#define GATE_GAP_H

#include "findings.h"

/* Why the result cannot be relied on, in a clause without semicolons, for the
 * caller to free; NULL: it can. */
char *gate_gap(const struct model *m, const struct findings *f);

#endif
