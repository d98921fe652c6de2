/* SPDX-License-Identifier: MIT */
/*
 * Which roots lead to each block, as far as two of them: blocks to which only one
 * leads are what that root retains, those to which two lead are what the two
 * retain together.
 */
#ifndef ROOT_PAIRS_H
#define ROOT_PAIRS_H

#include <stdint.h>

#include "holding.h"

#define ROOT_PAIR_NONE UINT32_MAX       /* no other */
#define ROOT_PAIR_MORE (UINT32_MAX - 1) /* more than two; only in `other` */

struct root_pair {
	uint32_t one;   /* label of a root; ROOT_PAIR_NONE: it is lost */
	uint32_t other; /* greater than `one` */
};

/*
 * Sets pairs[] for each block. of_root[] has a label for each of m->roots, of
 * m->gone and of h->said, in this order; roots of one label count as one. Linear
 * in blocks, pointers and roots. Dies when out of memory.
 */
void root_pairs_find(struct root_pair *pairs, const struct holding *h,
		     const uint32_t *of_root);

#endif
