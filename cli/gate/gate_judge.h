/* SPDX-License-Identifier: MIT */
/* The verdict, when all recordings were added. */
#ifndef GATE_JUDGE_H
#define GATE_JUDGE_H

#include "gate.h"

/* All was added: a process that went on as another program lacks nothing by
 * itself. */
void gate_settle(struct gate *g);

/* Why the run may not have reached everything: it was ended, or the program
 * failed. A clause for the caller to free; NULL if nothing says so. */
char *gate_cut_short(const struct gate *g, int program_status);

/* The part of the program's status that counts. A signal, or that nothing was
 * run, always does. */
int gate_counted_status(const struct gate *g, int program_status);

/* Calls gate_settle() and sets g->verdict. `program_status`: exit status of the
 * program, 0 if none was run. */
void gate_judge(struct gate *g, int program_status);

/* A report could not be written: that is a status of its own, unless the
 * program has one. */
void gate_set_unwritten(struct gate *g, int program_status);

#endif
