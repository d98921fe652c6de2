/* SPDX-License-Identifier: MIT */
/* The gate's last line, for people to paste and for scripts to read. */
#ifndef GATE_SUMMARY_H
#define GATE_SUMMARY_H

#include "gate.h"

/* Sets the summary of g->verdict; there may be one already. Its rules, counts
 * and status are known. */
void gate_summary_make(struct gate *g);

#endif
