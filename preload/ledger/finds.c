/* SPDX-License-Identifier: MIT */
#include "finds.h"

#include <string.h>

#include "own_memory.h"

#define FIRST 1024 /* items that there is room for at first */

/* The former memory stays, for whoever reads it: it is half of the new at most. */
static bool grow(struct finds *k)
{
	uint32_t room = k->room ? 2 * k->room : FIRST;
	struct object_visits_item *items =
	    own_memory_map(room * sizeof(*items));

	if (!items)
		return false;
	if (k->count)
		memcpy(items, k->items, k->count * sizeof(*items));
	__atomic_store_n(&k->items, items, __ATOMIC_RELEASE);
	k->room = room;
	return true;
}

bool finds_add(struct finds *k, const struct object_visits_item *item)
{
	uint32_t count;

	if (k->count == k->room) {
		count = 0;
		for (uint32_t i = 0; i < k->count; i++)
			if (finds_is_there(&k->items[i]))
				k->items[count++] = k->items[i];
		WRITE_ONCE(k->count, count);
		if (k->count >= k->room / 2 && !grow(k))
			return false;
	}
	k->items[k->count] = *item;
	__atomic_store_n(&k->count, k->count + 1, __ATOMIC_RELEASE);
	return true;
}
