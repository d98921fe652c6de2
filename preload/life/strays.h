/* SPDX-License-Identifier: MIT */
/*
 * Frees of what is not a live block.  Most are of blocks that were not
 * recorded, and the allocator takes them.  One in which the process ends is
 * wrong: the end looks at that, and notes it as a struct rkn_free in the store.
 * So it does with a few of blocks that were freed before, whatever becomes of
 * them.
 */
#ifndef STRAYS_H
#define STRAYS_H

#include "stop.h"
#include "thread.h"

/* `t`, inside, is about to give `p` to free(), or to realloc() (`moves`); the
 * hook has that frame. */
void strays_note(struct thread *t, const void *p, const void *frame,
		 bool moves);

/* The process ends in the calling thread, with frames from self->low up: if
 * that is still in such a call, notes it. */
void strays_end(const struct stopped *self);

#endif
