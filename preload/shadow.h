/* SPDX-License-Identifier: MIT */
/*
 * The live blocks: a sparse shadow of the address space, laid out as
 * refknot/store.h says.  Between the real malloc's return and the real free's
 * call the thread owns the address alone, so its slots take plain loads and
 * stores: no lock, no read-modify-write.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct shadow {
	uint64_t *regions[STORE_REGIONS]; /* slots of each; NULL: none */
	unsigned granule_shift;
	bool spaced; /* every block owns two granules at least */
};

extern struct shadow shadow;

struct shadow_block {
	uint64_t size;
	uint64_t birth;
	uint32_t stack;
	uint32_t thread;
};

/* Forget all: the store is a new one. */
void shadow_reset(unsigned granule_shift, bool spaced);

/* The region's slots, made if need be; NULL: no room. */
uint64_t *shadow_region(uint64_t region);

/* Rows for the snapshot: the next slot with a live block, from `slot` on. */
static inline bool shadow_is_live(uint64_t head)
{
	return (head & (STORE_HEAD | STORE_FREED)) == STORE_HEAD;
}

static inline uint64_t *shadow_slot(uint64_t address)
{
	uint64_t *slots;

	if (unlikely(address >> STORE_ADDRESS_BITS))
		return NULL;
	slots = __atomic_load_n(&shadow.regions[address >> STORE_REGION_SHIFT],
				__ATOMIC_ACQUIRE);
	if (unlikely(!slots))
		return NULL;
	return slots + ((address & (STORE_REGION - 1)) >> shadow.granule_shift);
}

static inline bool shadow_slot_ready(const uint64_t *slot)
{
	return store_ready(
	    (uint64_t)((const char *)slot - (const char *)store.header),
	    3 * sizeof(*slot));
}

/* Has its slot been touched? Then it may be read. */
static inline bool shadow_slot_known(const uint64_t *slot)
{
	uint64_t offset =
	    (uint64_t)((const char *)slot - (const char *)store.header);

	return store_steps[offset >> STORE_STEP_SHIFT];
}

/* A live block at `address`. The limit that kept it out, or RKN_LIMITS. */
enum rkn_limit_number shadow_set(uint64_t address,
				 const struct shadow_block *b);

/*
 * The live block at `address` is freed; false: there is none. `slot` is left
 * so that shadow_restore() can undo it while the thread owns the address.
 */
bool shadow_take(uint64_t address, struct shadow_block *b);
void shadow_restore(uint64_t address);

#endif
