/* SPDX-License-Identifier: MIT */
/*
 * Trial deletion: which objects are held by nothing but each other.  Time and
 * memory are linear in the objects and references that are looked at.
 *
 * What the list of garbage holds, or has more references with a holder than it
 * has references, is held.  What a type without `clear` keeps is uncollectable
 * with it, since nobody can take it away.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "finds.h"

struct trial_lost {
	uint64_t order; /* made_order of the object */
	uint32_t number;
	bool bare; /* its type has no `clear` */
	bool uncollectable;
	bool follows; /* it is, but ends when what is collectable lets go */
	bool waited;  /* an automatic check had found it */
};

struct trial {
	uint32_t looked_at;
	uint32_t survivors; /* those that did not wait */
	uint32_t lost_count;
	struct trial_lost *lost;
};

/*
 * Look at the objects up to that generation, and at those that wait if `waiting`
 * is not NULL; all of them grow older. For the thread that is alone, until the
 * next call. NULL: there is no memory, and nothing has changed.
 */
const struct trial *trial_make(int generation, const struct finds *waiting);

#endif
