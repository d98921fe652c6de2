/* SPDX-License-Identifier: MIT */
/* The gate's answer to --brief, in the form of brief.h. */
#ifndef GATE_BRIEF_H
#define GATE_BRIEF_H

#include "gate_writers.h"

extern const struct gate_writer gate_brief_writer;

/* The command that says more when the gate failed; NULL: none is known. Taken by
 * the writer. */
extern char *gate_brief_next;

#endif
