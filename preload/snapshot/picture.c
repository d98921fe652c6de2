/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "compiler.h"
#include "store.h"

#define GROWTH_LEAST (4ull << 10)
#define GROWTH_MOST  (4ull << 20)

void picture_list_init(struct picture_list *l, enum store_table_number table)
{
	*l = (struct picture_list){ .table = table };
}

/* As much again as there is: few bytes for few records. */
static bool grow(struct picture_list *l)
{
	uint64_t size = l->room < GROWTH_LEAST  ? GROWTH_LEAST
			: l->room < GROWTH_MOST ? l->room
						: GROWTH_MOST;
	uint64_t offset = store_take(size);

	if (!l->room)
		l->offset = offset;
	if (!offset || offset != l->offset + l->room ||
	    !store_ready(offset, size))
		return false;
	l->room += size;
	return true;
}

COLD void *picture_list_grow(struct picture_list *l, uint64_t size)
{
	if (l->cut || !grow(l)) {
		l->cut = true;
		return NULL;
	}
	return picture_list_room(l, size);
}

void *picture_list_add(struct picture_list *l)
{
	struct store_table *t = &store.header->tables[l->table];
	void *record = picture_list_room(l, t->record_size);

	if (likely(record))
		t->count++;
	return record;
}

void picture_list_end(struct picture_list *l)
{
	struct store_table *t = &store.header->tables[l->table];

	t->offset = l->offset;
	t->capacity = t->count;
}

void picture_list_finish(struct picture *p, struct picture_list *l)
{
	picture_list_end(l);
	if (l->cut)
		p->limits[RKN_LIMIT_SNAPSHOT_CUT]++;
}
