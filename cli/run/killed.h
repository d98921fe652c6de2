/* SPDX-License-Identifier: MIT */
/*
 * Processes that were killed: they could not be checked at their end, and
 * whether they lost anything is not known.  One rule holds for all instants of
 * such a process, so that no result depends on when the signal came; see
 * "Processes that are killed" in refknot-check(1).
 */
#ifndef KILLED_H
#define KILLED_H

#include <stdbool.h>

#include "model.h"

/* "SIGKILL"; "signal 34" for those without a name. Constant or of one buffer.
 */
const char *killed_signal(int signal);

/* Whether a signal from outside ends a process in a way that refknot catches,
 * once it is loaded: not SIGKILL, and not a fault of the program's. */
bool killed_asks(int signal);

/* Whether it means a fault of the program's, as SIGSEGV and SIGABRT do. */
bool killed_fault(int signal);

/* How the process was killed: a clause, for the caller to free; NULL if it was
 * not. */
char *killed_how(const struct model *m);

#endif
