/* SPDX-License-Identifier: MIT */
/*
 * The threads that run during a snapshot, as nobody could stop them.  What
 * they have in registers is not known, and the pointers on their stacks move
 * while those are read.  Beside members.h.
 */
#ifndef RUNNERS_H
#define RUNNERS_H

#include <stdbool.h>

#include "picture.h"

/* Find out whose blocks are theirs. False: no thread runs. */
bool runners_init(const struct picture *p);
/* Has one of them allocated the block, or has it been freed since it was
 * listed? True where its thread is not known. */
bool runners_may_hold(const struct rkn_block *b);

#endif
