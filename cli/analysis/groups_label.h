/* SPDX-License-Identifier: MIT */
/* Which group each live block is of. */
#ifndef GROUPS_LABEL_H
#define GROUPS_LABEL_H

#include "groups.h"

/*
 * The groups of all live blocks by type, site, function or file, in no order; the
 * result has the place in g->list of each block's, for the caller to free. By type
 * a block counts as a whole, whatever objects are in it. Of a site or function that
 * called one which only hands on what it allocated, both are named: "main through
 * cache_entry".
 */
uint32_t *groups_label(struct groups *g, const struct reading *in,
		       enum group_by by);

#endif
