/* SPDX-License-Identifier: MIT */
#include "shadow.h"

#include <errno.h>

#include "aside.h"
#include "own_memory.h"

struct shadow shadow;

void shadow_forget(void)
{
	shadow.regions = own_memory_table(
	    shadow.regions, STORE_REGIONS * sizeof(*shadow.regions));
}

int shadow_reset(unsigned granule_shift, bool spaced)
{
	shadow_forget();
	shadow.granule_shift = granule_shift;
	shadow.spaced = spaced;
	if (!shadow.regions)
		return -ENOMEM;
	/* Hooks look here before anything is recorded, too. */
	STORE_RELEASE(shadow.count, STORE_REGIONS);
	return 0;
}

struct making {
	uint64_t region;
	uint64_t *slots;
};

/* Slots that hooks find are on the list, too, or no snapshot finds the blocks. */
static void make_region(void *data)
{
	struct making *m = data;
	/* Two slots more than granules: the last block's EXTRA may be behind. */
	uint64_t offset = store_take(
	    (STORE_REGION >> shadow.granule_shift) * sizeof(uint64_t) + 4096);
	uint64_t index = offset ? store_append(STORE_CHUNKS) : 0;
	uint64_t *slots = store_at(offset), *none = NULL;
	struct store_chunk *chunk;

	if (!index)
		return;
	m->slots = slots;
	if (!CHANGE(shadow.regions[m->region], none, slots)) {
		m->slots = none;
		return;
	}
	chunk = store_record(STORE_CHUNKS, index);
	chunk->region = m->region;
	STORE_RELEASE(chunk->offset, offset);
}

/* Makes the region's slots, unless another thread was faster. Returns them; NULL: there
 * is no room. It does so aside: a handler that left by longjmp would leave them half
 * made. */
static COLD uint64_t *shadow_region(uint64_t region)
{
	struct making m = { .region = region };

	aside(make_region, &m);
	return m.slots;
}

void shadow_prepare(uint64_t from, uint64_t to)
{
	while (from < to && !(from >> STORE_ADDRESS_BITS)) {
		uint64_t region = from >> STORE_REGION_SHIFT;
		uint64_t end = (region + 1) << STORE_REGION_SHIFT;
		uint64_t *slot = shadow_slot(from);

		end = end < to ? end : to;
		if (!slot && shadow_region(region))
			slot = shadow_slot(from);
		if (!slot)
			return;
		store_prepare(store_offset(slot),
			      (end - from) >> shadow.granule_shift << 3);
		from = end;
	}
}

COLD void shadow_learn(struct shadow_way *ways, uint64_t address, bool more)
{
	const uint64_t chunk = 1ull << SHADOW_WAY_SHIFT;
	uint64_t key = address & ~(chunk - 1), size, offset;
	struct shadow_way *w =
	    &ways[address >> SHADOW_WAY_SHIFT & (SHADOW_WAYS - 1)];
	uint64_t *slot = shadow_slot(key);

	if (!slot || !shadow.spaced || shadow.granule_shift != 4)
		return;
	/* What follows the last slot belongs to its block, too. */
	size = chunk / 2 + 2 * sizeof(*slot);
	offset = store_offset(slot);
	if (more ? !store_ready(offset, size)
		 : !store_touched(offset) || !store_touched(offset + size - 1))
		return;
	/* A handler's free looks at it at any instruction. */
	WRITE_ONCE(w->key, 0);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(w->bias, ADDRESS(slot) - key / 2);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(w->key, key);
}

enum rkn_limit_number shadow_set(uint64_t address, const struct shadow_block *b)
{
	uint64_t granule = 1ull << shadow.granule_shift;
	uint64_t *slot = shadow_slot(address);
	bool extra = shadow.spaced || b->size > granule;

	if (unlikely(address >> STORE_ADDRESS_BITS))
		return RKN_LIMIT_ADDRESS_RANGE;
	if (unlikely(address & (granule - 1)))
		return RKN_LIMIT_UNALIGNED;
	if (unlikely(!slot)) {
		if (!shadow_region(address >> STORE_REGION_SHIFT))
			return RKN_LIMIT_STORE_FULL;
		slot = shadow_slot(address);
	}
	if (unlikely(!shadow_slot_ready(slot)))
		return RKN_LIMIT_STORE_FULL;
	if (likely(extra))
		WRITE_ONCE(slot[1], shadow_extra(b->birth, b->thread));
	if (unlikely(b->size >> 32))
		WRITE_ONCE(slot[2], b->size >> 32 << 1);
	STORE_RELEASE(*slot, (shadow_head(b->size, b->stack) & ~STORE_EXTRA) |
				 (extra ? STORE_EXTRA : 0) |
				 (b->size >> 32 ? STORE_BIG : 0));
	return RKN_LIMITS;
}

bool shadow_take(uint64_t address, struct shadow_block *b)
{
	uint64_t *slot = shadow_slot(address), head;

	if (unlikely(!slot || !shadow_slot_known(slot)))
		return false;
	head = READ_ONCE(*slot);
	if (unlikely(!shadow_is_live(head) ||
		     address & ((1ull << shadow.granule_shift) - 1)))
		return false;
	STORE_RELEASE(*slot, head | STORE_FREED);
	b->size = head >> STORE_SIZE_SHIFT;
	if (unlikely(head & STORE_BIG))
		b->size |= READ_ONCE(slot[2]) >> 1 << 32;
	b->stack = shadow_stack(head);
	b->noted = head & STORE_NOTED;
	return true;
}

void shadow_note_freed(uint64_t address, uint64_t pc)
{
	uint64_t *slot = shadow_slot(address);

	if (READ_ONCE(*slot) & STORE_EXTRA)
		WRITE_ONCE(slot[1], shadow_freed(pc));
}

void shadow_restore(uint64_t address)
{
	uint64_t *slot = shadow_slot(address);

	STORE_RELEASE(*slot, READ_ONCE(*slot) & ~STORE_FREED);
}
