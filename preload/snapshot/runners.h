/* SPDX-License-Identifier: MIT */
/*
 * The threads that run during a snapshot because they could not be stopped.
 * What they have in registers is not known, and the pointers on their stacks
 * move while those are read. Beside members.h.
 */
#ifndef RUNNERS_H
#define RUNNERS_H

#include <stdbool.h>

#include "picture.h"

/* Finds out which blocks are theirs. False if no thread runs. */
bool runners_init(const struct picture *p);
/* Whether one of them has allocated the block, or it was freed since it was
 * listed; true if its thread is not known. */
bool runners_may_hold(const struct rkn_block *b);

#endif
