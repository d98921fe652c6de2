/* SPDX-License-Identifier: MIT */
#include "texts.h"

#include <string.h>

#include "hash.h"
#include "list.h"

struct known_text {
	uint32_t number;
	UT_hash_handle hh;
	char text[];
};

uint32_t texts_number(struct texts *t, const char *text)
{
	size_t size = strlen(text);
	struct known_text *k;

	HASH_FIND(hh, t->table, text, size, k);
	if (k)
		return k->number;
	k = xcalloc(1, sizeof(*k) + size + 1);
	memcpy(k->text, text, size);
	k->number = t->count;
	HASH_ADD(hh, t->table, text, size, k);
	*LIST_ADD(t->list, t->count) = k->text;
	return k->number;
}

void texts_release(struct texts *t)
{
	HASH_FREE(t->table);
	free(t->list);
	*t = (struct texts){ 0 };
}
