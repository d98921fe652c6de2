/* SPDX-License-Identifier: MIT */
/*
 * A snapshot's live blocks: the list, in order of address, and an index that
 * finds the block around an address.  Only while no thread changes the shadow.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "shadow.h"

/* Which granules of 64 begin a block, and how many blocks begin before. */
struct blocks_entry {
	uint64_t starts;
	uint32_t before;
};

/* Entries of which some begin a block are kept together: most of a sparse
 * region needs none. */
#define BLOCKS_GROUP 64
struct blocks_group {
	uint32_t before;
	uint32_t first; /* 1 + number of its first entry / BLOCKS_GROUP; 0: none
			 */
};

struct blocks_region {
	struct blocks_group *groups; /* NULL: no block begins here */
	uint32_t before;             /* blocks that begin in lower regions */
	bool known;                  /* some block lies in it */
};

struct blocks {
	struct store_block *list; /* in the store's table STORE_BLOCKS, if kept
				   */
	uint64_t *extras; /* of each, as they were listed; NULL: no thread runs,
			     and the shadow has them */
	uint32_t count, room;
	bool kept;
	uint64_t least, most;          /* all blocks lie in least .. most-1 */
	uint64_t lost;                 /* blocks whose free was not seen */
	struct blocks_region *regions; /* by address >> STORE_REGION_SHIFT */
	struct blocks_entry *entries;  /* BLOCKS_GROUP of them for each group in
					  use */
	uint32_t groups;               /* in use */
	bool popcnt;                   /* the processor counts bits */
};

#define BLOCKS_NONE UINT32_MAX

/* Makes the list; then blocks_index() makes the index of what is left in it.
 * `kept`: the list stays in the store, else it is own memory. `moves`: a thread
 * may change the shadow meanwhile. False if there is no memory or room for it:
 * nothing can be judged then. */
bool blocks_list(struct blocks *b, bool kept, bool moves);
bool blocks_index(struct blocks *b);

/* The EXTRA of block `i`; 0: it has none. */
uint64_t blocks_extra(const struct blocks *b, uint32_t i);

/* Leaves out all blocks but those that `keeps` wants, in their order, before
 * they are indexed. */
typedef bool blocks_keeps(const struct store_block *r, void *data);
void blocks_sift(struct blocks *b, blocks_keeps *keeps, void *data);

/* The block that holds `address`; *offset is set to the place in it.
 * BLOCKS_NONE if there is none. */
uint32_t blocks_find(const struct blocks *b, uint64_t address,
		     uint64_t *offset);

static inline unsigned blocks_entry_shift(void)
{
	return shadow.granule_shift + 6;
}
static_assert(BLOCKS_GROUP == 1 << 6,
	      "a group's entries are numbered by six bits");

static inline struct blocks_entry *blocks_entry_of(const struct blocks *b,
						   const struct blocks_group *g,
						   uint64_t at)
{
	return &b->entries[(uint64_t)(g->first - 1) * BLOCKS_GROUP +
			   (at >> blocks_entry_shift()) % BLOCKS_GROUP];
}

/* One instruction where the processor has it. */
static inline uint32_t blocks_ones(const struct blocks *b, uint64_t x)
{
	uint64_t n = 0;

	if (likely(b->popcnt))
		__asm__("popcnt %1, %0" : "=r"(n) : "r"(x) : "cc");
	else
		for (; x; x &= x - 1)
			n++;
	return (uint32_t)n;
}

/*
 * blocks_find() in two steps, for an address in least .. most-1: between them
 * the first step's result, NULL or not, can be prefetched.
 */
static inline const struct blocks_entry *blocks_entry(const struct blocks *b,
						      uint64_t address)
{
	const struct blocks_region *region =
	    &b->regions[address >> STORE_REGION_SHIFT];
	const uint64_t at = address & (STORE_REGION - 1);
	const struct blocks_group *g;

	if (!region->groups)
		return NULL;
	g = &region->groups[at >> blocks_entry_shift() >> 6];
	return g->first ? blocks_entry_of(b, g, at) : NULL;
}

static inline uint32_t blocks_find_by(const struct blocks *b,
				      const struct blocks_entry *e,
				      uint64_t address, uint64_t *offset)
{
	const struct blocks_region *region =
	    &b->regions[address >> STORE_REGION_SHIFT];
	const uint64_t at = address & (STORE_REGION - 1);
	const unsigned bit = at >> shadow.granule_shift & 63;
	const struct store_block *r;
	uint32_t n;

	if (likely(e)) {
		n = e->before + blocks_ones(b, e->starts & ((2ull << bit) - 1));
		/* The usual case needs no look at the block itself. */
		if (e->starts >> bit & 1 &&
		    !(address & ((1u << shadow.granule_shift) - 1))) {
			*offset = 0;
			return n - 1;
		}
	} else {
		if (!region->known)
			return BLOCKS_NONE;
		n = region->groups
			? region->groups[at >> blocks_entry_shift() >> 6].before
			: region->before;
	}
	if (!n)
		return BLOCKS_NONE;
	r = &b->list[n - 1];
	*offset = address - store_block_address(r);
	/* C lets a pointer stand one past the end. */
	return *offset <= store_block_size(r) ? n - 1 : BLOCKS_NONE;
}

/* The index of the first block that ends after `address`; `count` if there is
 * none. */
uint32_t blocks_after(const struct blocks *b, uint64_t address);

/* Whether the page of `address` has held a block since the store began. */
bool blocks_page_used(const struct blocks *b, uint64_t address);

#endif
