/* SPDX-License-Identifier: MIT */
/*
 * Regions: what was allocated and freed between refknot_region_begin() and
 * refknot_region_end() of one thread, by stack and by type of object.
 *
 * A thread has its open regions on a stack of levels. Each level lists what
 * changed in it, so that a pass costs what it did and not what there is; at its
 * end the changes are added to the rows of the region and to the level below.
 *
 * All functions but the first three are for a thread that is inside refknot
 * (thread_enter).
 */
#ifndef REGIONS_H
#define REGIONS_H

#include "thread.h"

/* Forgets all rows: the store is a new one. */
int regions_reset(void); /* 0 or -errno */

/* A region's name may be NULL. */
void regions_begin(const char *name);
void regions_end(const char *name);

/* A block was allocated or freed. Only if t->regions_open. */
void regions_block(struct thread *t, uint32_t stack, uint64_t size, bool ended);

/*
 * A block from `stack` became an object of `type`, or is no longer one
 * (`ended`).
 * The block itself goes on, or was counted as freed: then it no longer counts
 * with its stack. `whole`: the object starts where the block does; others count
 * only with their type.
 */
void regions_object(struct thread *t, uint32_t type, uint32_t stack,
		    uint64_t size, bool whole, bool ended);

/* Such an object's block moved: both places were counted with their stacks. */
struct regions_place {
	uint32_t stack;
	uint64_t size;
};
void regions_moved(struct thread *t, uint32_t type,
		   const struct regions_place *from,
		   const struct regions_place *to);

#endif
