/* SPDX-License-Identifier: MIT */
#ifndef GATE_UPDATE_H
#define GATE_UPDATE_H

#include "gate.h"

/*
 * Before gate_judge(): writes g->baseline's file anew with what was found,
 * prints what changed, and reads it again. With `keep_stale`, or if the run was
 * cut short or the program failed, it removes no entry. If findings might be
 * missing, it prints why and leaves the file as it is. Dies if it cannot write.
 */
void gate_update(struct gate *g, int program_status, bool keep_stale);

#endif
