/* SPDX-License-Identifier: MIT */
/* Why the pointers of a recording say nothing. */
#ifndef OBSTACLE_H
#define OBSTACLE_H

#include "model.h"

#define OBSTACLE_SIZE 256 /* bytes that its text needs */

/*
 * One clause if reachability cannot be judged, NULL if it can: a verdict from
 * half the pointers would call everything a leak. It is in `text` or
 * constant.
 */
const char *obstacle_find(const struct model *m, char *text, size_t size);

#endif
