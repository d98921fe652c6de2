/* SPDX-License-Identifier: MIT */
/* The instants that the program named with refknot_mark(). */
#ifndef MARKS_H
#define MARKS_H

#include "model.h"

/* Finds a mark: "NAME" is the last of that name, "NAME#2" the second. NULL if
 * there is none. */
const struct rkn_mark *marks_find(const struct model *m, const char *name);

/* The names of all, for people: "start, load#1, load#2"; at most ten, then
 * "...". "none" if there are none. The caller frees it. */
char *marks_list(const struct model *m);

/* How many marks `block` has survived, at most 2. Exact if one thread made it
 * and the marks; else a mark may be some 250 allocations off. */
unsigned marks_survived(const struct model *m, uint32_t block);

#endif
