/* SPDX-License-Identifier: MIT */
/* The verdict, when all recordings were added. */
#ifndef GATE_JUDGE_H
#define GATE_JUDGE_H

#include "gate.h"

/* All is there: what went on as another program lacks nothing by itself. */
void gate_settle(struct gate *g);

/* Why not all that the run has to show may be there: it was ended, or the program
 * failed. A clause for the caller to free; NULL: nothing says so. */
char *gate_cut_short(const struct gate *g, int program_status);

/* What of the program's status counts. Those that tell of a signal, or that
 * nothing was run, always do. */
int gate_counted_status(const struct gate *g, int program_status);

/* gate_settle, and set g->verdict. `program_status`: exit status of the program, 0
 * if none was run. */
void gate_judge(struct gate *g, int program_status);

/* A report could not be written: that is a status of its own, where the program
 * has none. */
void gate_set_unwritten(struct gate *g, int program_status);

#endif
