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

struct blocks {
	struct rkn_block *list; /* in the store's table STORE_BLOCKS, if kept */
	uint32_t count;
	bool kept;
	uint64_t least, most;          /* all blocks lie in least .. most-1 */
	uint64_t lost;                 /* blocks whose free was not seen */
	struct blocks_region *regions; /* by address >> STORE_REGION_SHIFT */
	struct entry *entries;         /* GROUP of them for each group in use */
	uint32_t groups;               /* in use */
	bool popcnt;                   /* the processor counts bits */
};

#define BLOCKS_NONE UINT32_MAX

/* Makes the list; then blocks_index() makes the index of what is left in it.
 * `kept`: the list stays in the store, else it is own memory. False if there is
 * no memory or room for it: nothing can be judged then. */
bool blocks_list(struct blocks *b, bool kept);
bool blocks_index(struct blocks *b);

/* The block that holds `address`; *offset is set to the place in it.
 * BLOCKS_NONE if there is none. */
uint32_t blocks_find(const struct blocks *b, uint64_t address,
		     uint64_t *offset);

/* Prefetches what blocks_find() will look at for that address. */
void blocks_prefetch(const struct blocks *b, uint64_t address);

/* The index of the first block that ends after `address`; `count` if there is
 * none. */
uint32_t blocks_after(const struct blocks *b, uint64_t address);

/* Whether the page of `address` has held a block since the store began. */
bool blocks_page_used(const struct blocks *b, uint64_t address);

#endif
