/* SPDX-License-Identifier: MIT */
/* Regions that grow pass after pass, for the gate. */
#ifndef GATE_GROWTH_H
#define GATE_GROWTH_H

#include "gate.h"

/* Adds the recording's regions to g->growth, judged as refknot steady does
 * without options. */
void gate_growth_add(struct gate *g, const struct reading *in);

/* After baseline_apply: what of it fails. */
void gate_growth_apply(struct gate *g);
/* What was found in the region, for people: first what fails. The caller frees
 * it. */
char *gate_growth_text(const struct gate *g, const struct gate_growth *r);
void gate_growth_release(struct gate *g);

#endif
