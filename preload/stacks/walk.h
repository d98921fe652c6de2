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

/* The same, or a noted stack. */
static inline const struct walk_leaf *walk_from(struct thread *t,
						const void *frame)
{
	const uint64_t *words = frame;
	const struct walk_leaf *leaf =
	    unwind_recall(&t->walk, words[1], ADDRESS(words + 2), words[0]);

	return likely(leaf) ? leaf : walk_from_slowly(t, frame);
}

#endif
