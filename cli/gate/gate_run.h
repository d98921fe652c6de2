/* SPDX-License-Identifier: MIT */
/* A program run for the gate, and all that it starts judged. */
#ifndef GATE_RUN_H
#define GATE_RUN_H

#include "gate.h"

/*
 * Run arguments[0] recorded, and add every process to `g`; the exit status of
 * the program, as a shell has it. `keep`: the recordings stay, as with refknot
 * run -o; NULL: they are removed. A program that cannot be recorded ends refknot
 * with STATUS_NO_RUN; why has been told.
 */
int gate_run(struct gate *g, const char **arguments, const char *keep);

#endif
