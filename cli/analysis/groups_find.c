/* SPDX-License-Identifier: MIT */
#include "groups_find.h"

#include <string.h>

#include "hash.h"
#include "list.h"
#include "marks.h"

struct groups_entry {
	size_t index;
	UT_hash_handle hh;
	char key[];
};

size_t groups_find(struct groups *g, struct groups_entry **table, char *key)
{
	size_t size = strlen(key) + 1;
	struct groups_entry *e;

	HASH_FIND_STR(*table, key, e);
	if (e) {
		free(key);
		return e->index;
	}
	e = xcalloc(1, sizeof(*e) + size);
	memcpy(e->key, key, size);
	e->index = g->count;
	HASH_ADD_STR(*table, key, e);
	*LIST_ADD(g->list, g->count) = (struct group){ .key = key };
	return e->index;
}

void groups_release_table(struct groups_entry **table)
{
	HASH_FREE(*table);
}

bool groups_chose(const struct reading *in, struct group_choice choice,
		  uint32_t block)
{
	uint32_t object;

	if (choice.generation < 0)
		return true;
	object = names_object_at(in->names, block);
	return object ? groups_chose_object(in, choice, object)
		      : marks_survived(in->m, block) ==
			    (uint32_t)choice.generation;
}

bool groups_chose_object(const struct reading *in, struct group_choice choice,
			 uint32_t object)
{
	return choice.generation < 0 ||
	       in->m->objects[object].generation == (uint32_t)choice.generation;
}
