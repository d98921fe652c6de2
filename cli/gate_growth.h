/* SPDX-License-Identifier: MIT */
/* Regions that grow pass after pass, for the gate. */
#ifndef GATE_GROWTH_H
#define GATE_GROWTH_H

#include "gate.h"

/* Add the recording's regions to g->growth, judged as refknot steady does
 * without options. */
void gate_growth_add(struct gate *g, const struct model *m, struct symbols *s,
		     struct names *names);

#endif
