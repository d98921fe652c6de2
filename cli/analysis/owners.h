/* SPDX-License-Identifier: MIT */
/*
 * Whose memory each block is.  A block that is not an object belongs to the
 * object from which only pointers lead to it, over blocks that are not objects:
 * the rows of a table, the nodes of a list, in whatever way the nodes are
 * linked.
 */
#ifndef OWNERS_H
#define OWNERS_H

#include <stdint.h>

#include "block_objects.h"

/*
 * Per block: the object that it is, or whose memory it is; 0: neither, or more
 * than one object, a root, or a block without an owner leads to it too. Every
 * pointer counts, also one into a block's middle. `c` is that of `m`. The
 * caller frees the result. Dies when out of memory. Linear.
 */
uint32_t *owners_make(const struct model *m, const struct block_objects *c);

#endif
