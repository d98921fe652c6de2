/* SPDX-License-Identifier: MIT */
/* What the blocks of each group keep, with them; for groups.c. */
#ifndef GROUPS_RETAINED_H
#define GROUPS_RETAINED_H

#include "groups_find.h"

/*
 * Set the retained sizes of all groups. By type objects that are parts of blocks
 * count, and `table` has all groups; else of_block[] has the place in g->list of
 * each block's group, RKN_NONE: none.
 */
void groups_retain_types(struct groups *g, const struct reading *in,
			 struct group_choice choice,
			 struct groups_entry **table);
void groups_retain_blocks(struct groups *g, const struct reading *in,
			  const uint32_t *of_block);

#endif
