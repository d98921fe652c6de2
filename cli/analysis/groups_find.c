/* SPDX-License-Identifier: MIT */
#include "groups_find.h"

#include <string.h>

#include "escape.h"
#include "hash.h"
#include "list.h"
#include "marks.h"
#include "place.h"

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

char *groups_key(const struct reading *in, enum group_by by, uint32_t stack)
{
	const struct location *l;
	char *module;

	if (by == GROUP_BY_TYPE)
		return xstrdup(names_type(in->names, stack));
	l = block_types_place(in->types, stack);
	if (by == GROUP_BY_SITE)
		return place_text(l);
	if (by == GROUP_BY_FUNCTION)
		return place_function(l);
	if (l && l->file)
		return escape(l->file);
	module = place_module(l);
	return module ? module : xstrdup("unknown file");
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
