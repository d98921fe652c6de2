/* SPDX-License-Identifier: MIT */
/*
 * The rows in which regions sum up: the store's records of passes, found by
 * name, thread, and stack or type.
 */
#ifndef REGION_ROWS_H
#define REGION_ROWS_H

#include "store.h"

/* Forgets all: the store is a new one. */
int region_rows_reset(void); /* 0 or -errno */

/* The row with the name, thread, stack and type of `row`; made as a copy of
 * `row` if there is none. NULL if there is no room. Only the thread itself asks
 * for it and changes it. */
struct rkn_region *region_rows_find(const struct rkn_region *row);

#endif
