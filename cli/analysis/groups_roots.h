/* SPDX-License-Identifier: MIT */
/* Groups by what alone leads to their blocks from outside the heap. */
#ifndef GROUPS_ROOTS_H
#define GROUPS_ROOTS_H

#include "groups.h"

/* Adds them to `g`, which is empty; for groups.c. */
void groups_add_roots(struct groups *g, const struct reading *in,
		      struct group_choice choice);

#endif
