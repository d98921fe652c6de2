/* SPDX-License-Identifier: MIT */
/*
 * Frees of what was not a live block, in words: the one in which the process
 * ended, and those of blocks that were freed before.  If some are of blocks
 * that no seen allocation returned, the latter may be so, too, and no report
 * prints them.
 */
#ifndef STRAYS_H
#define STRAYS_H

#include "reading.h"

const char *stray_kind_name(enum rkn_free_kind kind); /* "freed-before" */

/* "of a block that was freed before", "inside a block, 16 bytes behind its
 * start", "of static data, cache+0x18 (libz.so.1)"; for the caller to free. */
char *stray_summary(const struct rkn_free *f, const struct reading *in);

/* Whether a report prints it. */
bool stray_is_told(const struct rkn_free *f, const struct model *m);

/* How many of the frees that count as of blocks not recorded a report prints in
 * this way instead. */
uint64_t strays_told(const struct model *m);

#endif
