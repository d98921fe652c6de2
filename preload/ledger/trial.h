/* SPDX-License-Identifier: MIT */
/*
 * Trial deletion: which objects only hold each other.  Time and memory are
 * linear in the objects and references that it looks at.
 *
 * An object is held if the list of garbage holds it, or if it has more
 * references with a holder than it counts.  What a type without `clear` keeps
 * is uncollectable with it, since nothing can take it away.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "finds.h"

struct trial_lost {
	uint64_t order; /* made_order of the object */
	uint32_t number;
	bool bare; /* its type has no `clear` */
	bool uncollectable;
	bool follows; /* it is bare, but ends when its holders let go */
	bool waited;  /* an automatic check had found it */
};

struct trial {
	uint32_t looked_at;
	uint32_t survivors; /* those that did not wait */
	uint32_t lost_count;
	struct trial_lost *lost;
};

/*
 * Looks at the objects up to that generation, and at those that wait if
 * `waiting` is not NULL; all of them grow older. For the thread that has the
 * world to itself; valid until the next call. NULL if there is no memory: then
 * nothing has changed.
 */
const struct trial *trial_make(int generation, const struct finds *waiting);

#endif
