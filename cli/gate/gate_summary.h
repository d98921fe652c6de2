/* SPDX-License-Identifier: MIT */
/* The gate's last line, for people who paste it and scripts that read it. */
#ifndef GATE_SUMMARY_H
#define GATE_SUMMARY_H

#include "gate.h"

/* Set g->summary; there may be one already. Rules, counts and g->status are
 * known. */
void gate_summary_make(struct gate *g);

#endif
