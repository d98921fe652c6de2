/* SPDX-License-Identifier: MIT */
/*
 * Frees of what is no live block.  Most are of blocks that were not recorded,
 * and the allocator takes them.  One that the process ends in is wrong: that is
 * looked at, at the end, and noted as a struct rkn_free in the store.  So are a
 * few of blocks that were freed before, whatever becomes of them.
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
 * that is still in such a call, say of what it was. */
void strays_end(const struct stopped *self);

#endif
