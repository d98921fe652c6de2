/* SPDX-License-Identifier: MIT */
#include "region_rows.h"

#include <errno.h>

#include "compiler.h"
#include "own_memory.h"

#define PROBES     64 /* slots that are looked at for a free one */
#define INDEX_BITS 18 /* twice the rows that there can be */
#define INDEX      (1u << INDEX_BITS)
static uint32_t *index_of; /* of INDEX hashes: the row's number; 0: none */

static bool is(const struct rkn_region *a, const struct rkn_region *b)
{
	return a->name == b->name && a->thread == b->thread &&
	       a->stack == b->stack && a->type == b->type;
}

static struct rkn_region *row_at(uint32_t number)
{
	return (struct rkn_region *)store_at(
		   store.header->tables[STORE_PASSES].offset) +
	       number;
}

static uint32_t hash_of(const struct rkn_region *row)
{
	uint64_t key =
	    row->stack != RKN_NONE ? row->stack : ~(uint64_t)row->type;
	uint64_t hash = (key << 32 | row->name) * 0x9e3779b97f4a7c15ull;

	hash = (hash ^ hash >> 32 ^ row->thread) * 0xff51afd7ed558ccdull;
	return (uint32_t)(hash >> (64 - INDEX_BITS));
}

static struct rkn_region *new_row(uint32_t *slot, const struct rkn_region *row)
{
	uint32_t number = (uint32_t)store_append(STORE_PASSES), none = 0;

	if (!number)
		return NULL;
	*row_at(number) = *row;
	/* If another thread took the slot, the row is left empty. */
	return __atomic_compare_exchange_n(slot, &none, number, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED)
		   ? row_at(number)
		   : NULL;
}

COLD struct rkn_region *region_rows_find(const struct rkn_region *row)
{
	uint32_t at = hash_of(row);

	for (unsigned i = 0; i < PROBES; i++) {
		uint32_t *slot = &index_of[(at + i) % INDEX];
		uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		struct rkn_region *r;

		if (number && is(row_at(number), row))
			return row_at(number);
		if (number)
			continue;
		r = new_row(slot, row);
		if (r)
			return r;
	}
	return NULL;
}

int region_rows_reset(void)
{
	index_of = own_memory_table(index_of, INDEX * sizeof(*index_of));
	return index_of ? 0 : -ENOMEM;
}
