/* SPDX-License-Identifier: MIT */
#ifndef GATE_UPDATE_H
#define GATE_UPDATE_H

#include "gate.h"

/*
 * Before gate_judge: write g->baseline's file anew with what was found, tell
 * what changed, and read it again; with `keep_stale`, or where the run was cut
 * short or the program failed, nothing leaves it. A file
 * that findings might be missing from stays as it is, and why is told. Dies when
 * it cannot be written.
 */
void gate_update(struct gate *g, int program_status, bool keep_stale);

#endif
