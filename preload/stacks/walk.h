/* SPDX-License-Identifier: MIT */
/*
 * The call stack of a hook or a call of refknot.h, as a leaf: its number in the
 * store, its counter, and what the shadow holds of it.
 */
#ifndef WALK_H
#define WALK_H

#include "stacks.h"
#include "thread.h"
#include "unwind.h"

/* Walks the stack of the hook whose frame is `frame`, for a thread that is
 * inside refknot. */
const struct walk_leaf *walk_from_slowly(struct thread *t, const void *frame);

/* The same if `m`, what is noted of that stack, is NULL or does not hold. */
const struct walk_leaf *walk_from_memo(struct thread *t, const void *frame,
				       const struct walk_memo *m);

/* The same, or the noted stack. */
static inline const struct walk_leaf *walk_from(struct thread *t,
						const void *frame)
{
	const struct walk_memo *m = unwind_recall(&t->walk, frame);

	t->noting.walks++;
	return likely(m && !m->join) ? &m->leaf : walk_from_memo(t, frame, m);
}

#endif
