/* SPDX-License-Identifier: MIT */
/* Runs a program for the gate, which judges all that it starts. */
#ifndef GATE_RUN_H
#define GATE_RUN_H

#include "gate.h"

/*
 * Runs arguments[0] recorded, and adds every process to `g`. Returns the exit
 * status of the program, as a shell has it. `keep`: the recordings stay, as
 * with refknot run -o; NULL: they are removed. If a program cannot be recorded,
 * prints why and ends refknot with STATUS_NO_RUN.
 */
int gate_run(struct gate *g, const char **arguments, const char *keep);

#endif
