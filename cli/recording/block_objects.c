/* SPDX-License-Identifier: MIT */
#include "block_objects.h"

#include <stdlib.h>

#include "die.h"

void block_objects_make(struct block_objects *c, const struct model *m)
{
	*c = (struct block_objects){ .m = m };
	c->first = xcalloc(m->block_count + 1, sizeof(*c->first));
	c->count = xcalloc(m->block_count + 1, sizeof(*c->count));
	for (uint32_t i = 1; i < m->object_count; i++) {
		uint32_t block = m->objects[i].block;

		if (block != RKN_NONE && !c->count[block]++)
			c->first[block] = i;
	}
}

void block_objects_release(struct block_objects *c)
{
	free(c->first);
	free(c->count);
	*c = (struct block_objects){ 0 };
}

uint32_t block_objects_object(const struct block_objects *c, uint32_t block)
{
	uint32_t object = c->first[block];

	return object &&
		       (c->count[block] == 1 || c->m->objects[object].address ==
						    c->m->blocks[block].address)
		   ? object
		   : 0;
}

/* Where `object` begins in its block, as recorded: that may be beyond its
 * end. */
static uint64_t offset_of(const struct model *m, uint32_t object)
{
	const struct rkn_object *o = &m->objects[object];
	const struct rkn_block *b = &m->blocks[o->block];
	uint64_t offset = o->address - b->address;

	return offset < b->size ? offset : b->size;
}

uint64_t block_objects_part(const struct block_objects *c, uint32_t object,
			    uint64_t *start)
{
	const struct model *m = c->m;
	uint32_t block = m->objects[object].block;
	uint64_t end = m->blocks[block].size;

	*start = object == c->first[block] ? 0 : offset_of(m, object);
	if (object + 1 < m->object_count &&
	    m->objects[object + 1].block == block)
		end = offset_of(m, object + 1);
	return end > *start ? end : *start;
}

uint64_t block_objects_bytes(const struct block_objects *c, uint32_t object)
{
	uint64_t start, end = block_objects_part(c, object, &start);

	return end - start;
}
