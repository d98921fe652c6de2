/* SPDX-License-Identifier: MIT */
/*
 * The live blocks: a sparse shadow of the address space, laid out as
 * refknot/store.h says.  Between the real malloc's return and the real free's
 * call only one thread owns the address, so it uses plain loads and stores of
 * the slots: no lock, no read-modify-write.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct shadow {
	uint64_t **regions; /* slots of each; NULL: none */
	uint64_t count;     /* of regions; 0: there are none yet, and nothing
			       is recorded */
	unsigned granule_shift;
	bool spaced; /* every block owns two granules at least */
};

extern HIDDEN struct shadow shadow;

struct shadow_block {
	uint64_t size;
	uint64_t birth;
	uint32_t stack;
	uint32_t thread;
	bool noted; /* filled in by shadow_take() */
};

/* Forgets all: the store is a new one. Returns 0 or -errno. */
int shadow_reset(unsigned granule_shift, bool spaced);

/* Forgets all: there is no store any more. */
void shadow_forget(void);

/* Makes room for blocks at addresses from .. to-1, as far as there is any. */
void shadow_prepare(uint64_t from, uint64_t to);

/* Whether that HEAD is a live block's. */
static inline bool shadow_is_live(uint64_t head)
{
	return (head & (STORE_HEAD | STORE_FREED)) == STORE_HEAD;
}

static inline uint64_t *shadow_slot(uint64_t address)
{
	uint64_t region = address >> STORE_REGION_SHIFT, *slots;

	if (unlikely(region >= LOAD_ACQUIRE(shadow.count)))
		return NULL;
	slots = LOAD_ACQUIRE(shadow.regions[region]);
	if (unlikely(!slots))
		return NULL;
	return slots + ((address & (STORE_REGION - 1)) >> shadow.granule_shift);
}

static inline bool shadow_slot_ready(const uint64_t *slot)
{
	return store_ready(store_offset(slot), 3 * sizeof(*slot));
}

/* Whether the slot was touched: then it may be read. */
static inline bool shadow_slot_known(const uint64_t *slot)
{
	return store_touched(store_offset(slot));
}

/* The slot of an address; NULL if it may not be read. */
static inline const uint64_t *shadow_head_at(uint64_t address)
{
	const uint64_t *slot = shadow_slot(address);

	return slot && shadow_slot_known(slot) ? slot : NULL;
}

/*
 * A thread's shortcut to the slots of 16 KiB of address space that it used
 * lately: if all of them are ready, it needs neither the regions nor the steps.
 * Only for granules of 16 bytes of which every block owns two.
 */
#define SHADOW_WAYS      512
#define SHADOW_WAY_SHIFT 14
struct shadow_way {
	uint64_t key;  /* the first address; 0: no shortcut */
	uint64_t bias; /* plus half an address gives the address of its slot */
};

/* The slot of `address`, by a shortcut, with the two behind it; NULL if there
 * is none. */
static inline uint64_t *shadow_shortcut(const struct shadow_way *ways,
					uint64_t address)
{
	const struct shadow_way *w =
	    &ways[address >> SHADOW_WAY_SHIFT & (SHADOW_WAYS - 1)];
	/* An unaligned address equals no key. */
	uint64_t key = address & ~(uint64_t)((1 << SHADOW_WAY_SHIFT) - 16);
	uint64_t *slot;

	if (unlikely(w->key != key))
		return NULL;
	slot = (uint64_t *)(uintptr_t)(w->bias + address / 2);
	if (!slot)
		__builtin_unreachable();
	return slot;
}

/*
 * Makes a shortcut, if there can be one. `more`: even if that takes up more of
 * the store than has been used.
 */
void shadow_learn(struct shadow_way *ways, uint64_t address, bool more);

/* The words of a live block that is smaller than 4 GiB. */
static inline uint64_t shadow_head(uint64_t size, uint32_t stack)
{
	return STORE_HEAD | STORE_EXTRA | (uint64_t)stack << STORE_STACK_SHIFT |
	       size << STORE_SIZE_SHIFT;
}

static inline uint64_t shadow_extra(uint64_t birth, uint32_t thread)
{
	uint64_t known = thread < STORE_THREAD_MAX ? thread : STORE_THREAD_MAX;

	return birth << STORE_BIRTH_SHIFT | known << STORE_THREAD_SHIFT;
}

static inline uint64_t shadow_birth(uint64_t extra)
{
	return store_birth(extra);
}

/* The word behind a freed block's HEAD, from the free's return address. */
static inline uint64_t shadow_freed(uint64_t pc)
{
	return pc << 1;
}

/* The return address in that word; 0 if there is none. */
static inline uint64_t shadow_freed_at(uint64_t extra)
{
	return extra >> 1 >> STORE_ADDRESS_BITS ? 0 : extra >> 1;
}

static inline uint32_t shadow_stack(uint64_t head)
{
	return head >> STORE_STACK_SHIFT & STORE_STACK_MAX;
}

/* Records a live block at `address`. Returns the limit that prevented it, or
 * RKN_LIMITS. */
enum rkn_limit_number shadow_set(uint64_t address,
				 const struct shadow_block *b);

/*
 * Frees the live block at `address`; false if there is none. Leaves the slot so
 * that shadow_restore() can undo it while the thread owns the address.
 */
bool shadow_take(uint64_t address, struct shadow_block *b);
/* It will not be restored: notes where its free returns to. */
void shadow_note_freed(uint64_t address, uint64_t pc);
void shadow_restore(uint64_t address);

#endif
