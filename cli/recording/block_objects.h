/* SPDX-License-Identifier: MIT */
/* Which objects are in which block. */
#ifndef BLOCK_OBJECTS_H
#define BLOCK_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

struct block_objects {
	const struct model *m;
	uint32_t *first; /* per block: its object with the lowest address; 0 */
	uint32_t *count; /* per block: objects in it, one after another */
};

/* `m` must outlive it. Dies when out of memory. */
void block_objects_make(struct block_objects *c, const struct model *m);
void block_objects_release(struct block_objects *c);

/*
 * The object that `block` is: the only one in it, wherever it begins, as it may
 * be behind a header or an object of several bases may have its count in a
 * later one; of several objects the one at its start. 0 if there is none.
 */
uint32_t block_objects_object(const struct block_objects *c, uint32_t block);

/*
 * The part of its block that belongs to `object`, which has not ended: up to
 * the next object or the block's end; the first object's begins with the block.
 * So each byte is one object's. Offsets are in the block; returns the end.
 */
uint64_t block_objects_part(const struct block_objects *c, uint32_t object,
			    uint64_t *start);
uint64_t block_objects_bytes(const struct block_objects *c, uint32_t object);

#endif
