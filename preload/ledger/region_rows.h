/* SPDX-License-Identifier: MIT */
/*
 * The rows that regions sum up in: the store's records of passes, found by name,
 * thread, and stack or type.
 */
#ifndef REGION_ROWS_H
#define REGION_ROWS_H

#include "store.h"

/* Forget all: the store is a new one. */
int region_rows_reset(void); /* 0 or -errno */

/* The row with what `row` has of these, made as a copy of it where there is none;
 * NULL: no room. Only the thread itself changes it, and asks for it. */
struct rkn_region *region_rows_find(const struct rkn_region *row);

#endif
