/* SPDX-License-Identifier: MIT */
#include "block_at.h"

#include "compiler.h"
#include "shadow.h"
#include "store.h"
#include "thread.h"

#define FAR  (1ull << 36) /* bytes to a block's start that are looked through */
#define MOST (1u << 22)   /* and slots that are in use */

static uint64_t size_of(const uint64_t *head)
{
	uint64_t word = READ_ONCE(*head), size = word >> STORE_SIZE_SHIFT;

	return word & STORE_BIG ? size | READ_ONCE(head[2]) >> 1 << 32 : size;
}

/* Whether `address` lies in a live block that starts at `at`. */
static inline __attribute__((always_inline)) bool
is_in(uint64_t at, uint64_t address, uint64_t *size)
{
	const uint64_t *head = shadow_head_at(at);

	if (!head || !shadow_is_live(READ_ONCE(*head)))
		return false;
	*size = size_of(head);
	return address - at < *size || address == at;
}

/* How many slots, from the one of `at` down, are all ready or all not: down to
 * the start of the store's step or of the region. */
static uint64_t run_down(uint64_t at, const uint64_t *slot)
{
	uint64_t region = (at % STORE_REGION >> shadow.granule_shift) + 1;
	uint64_t offset, step;

	if (!slot)
		return region;
	offset = (uint64_t)((const char *)slot - (const char *)store.header);
	step = offset % STORE_STEP / sizeof(*slot) + 1;
	return step < region ? step : region;
}

/* The start of the nearest live block from `at` down, at most so `far`; false:
 * there is none. */
static bool find_down(uint64_t at, uint64_t far, uint64_t *start)
{
	unsigned shift = shadow.granule_shift;
	uint64_t end = at > far ? at - far : 0, looked = 0;

	while (at >= end && looked < MOST) {
		const uint64_t *slot = shadow_slot(at);
		uint64_t n = run_down(at, slot);

		if (slot && shadow_slot_known(slot)) {
			for (uint64_t i = 0; i < n; i++)
				if (shadow_is_live(READ_ONCE(slot[-(long)i]))) {
					*start = at - (i << shift);
					return true;
				}
			looked += n;
		}
		if (at < n << shift)
			return false;
		at -= n << shift;
	}
	return false;
}

bool block_at_near(uint64_t address, uint64_t far, uint64_t *start,
		   uint64_t *size)
{
	uint64_t at = address & ~((1ull << shadow.granule_shift) - 1);
	struct thread *t;

	*start = at;
	if (likely(is_in(at, address, size)))
		return true;
	t = thread_attached();
	if (t && t->around && address > t->around &&
	    is_in(t->around, address, size)) {
		*start = t->around;
		return true;
	}
	if (!find_down(at, far, start) || !is_in(*start, address, size))
		return false;
	if (t)
		t->around = *start;
	return true;
}

bool block_at(uint64_t address, uint64_t *start, uint64_t *size)
{
	return block_at_near(address, FAR, start, size);
}
