/* SPDX-License-Identifier: MIT */
/*
 * What forked processes had from their parents.  It counts as held, for its
 * pointers are not known one by one: a limit of the check, which the report
 * says.
 */
#ifndef GATE_INHERITED_H
#define GATE_INHERITED_H

#include "gate.h"

/* Adds a process that is judged. */
void gate_inherited_add(struct gate *g, const struct model *m);

/* "3 of 12 processes were forked: ..."; NULL: none was, or none was checked.
 * The caller frees it. */
char *gate_inherited_text(const struct gate *g);

#endif
