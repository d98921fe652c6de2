/* SPDX-License-Identifier: MIT */
/* What the program said of blocks and memory: roots that no pointer shows, and
 * blocks that are not to be searched. */
#include <refknot.h>

#include "objects.h"
#include "own_memory.h"
#include "picture.h"
#include "process.h"

static void add_root(struct picture *p, uint32_t block)
{
	struct rkn_root *r = p->held ? NULL : picture_list_add(&p->roots);

	if (p->held)
		picture_hold(p->held, block);
	if (r)
		*r = (struct rkn_root){ .block = block,
					.kind = RKN_ROOT_DECLARED,
					.owner = RKN_NONE };
}

void declared_roots_search(struct picture *p)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		const struct store_object *o = objects_at(i);
		unsigned taming = o->flags >> STORE_OBJECT_TAMING_SHIFT;
		uint64_t offset;
		uint32_t block;

		if (!(o->flags & STORE_OBJECT_LIVE) || !taming)
			continue;
		block = blocks_find(&p->blocks, o->address, &offset);
		if (block == BLOCKS_NONE)
			continue;
		if (taming & (REFKNOT_ROOT | REFKNOT_NOT_LEAK | REFKNOT_IGNORE))
			add_root(p, block);
		if (taming & (REFKNOT_IGNORE | REFKNOT_NO_SCAN)) {
			if (!p->skipped)
				p->skipped =
				    own_memory_map(p->blocks.count / 8 + 1);
			if (p->skipped)
				p->skipped[block / 8] |=
				    (uint8_t)(1u << block % 8);
		}
	}
	/* Blocks that were allocated while leaks were not wanted. */
	for (uint32_t i = 0; process.tames && i < p->blocks.count; i++)
		if (*shadow_slot(store_block_address(&p->blocks.list[i])) &
		    STORE_TAMED)
			add_root(p, i);
}
