/* SPDX-License-Identifier: MIT */
#include "field_names.h"

#include <stdlib.h>

#include "xmalloc.h"

const char *field_names_find(struct field_names *f, uint32_t block,
			     uint64_t offset)
{
	const struct block_type t = block_types_of(f->types, block);
	struct field_slot *s;

	if (!t.type || offset < t.offset)
		return "";
	s = &f->slots[((uintptr_t)t.type / 16 + (offset - t.offset) / 8) %
		      FIELD_NAMES];
	if (s->name && s->type == t.type && s->offset == offset - t.offset &&
	    s->array == t.array)
		return s->name;
	free(s->name);
	s->type = t.type;
	s->offset = offset - t.offset;
	s->array = t.array;
	s->name = field_of_block(f->types, block, offset);
	if (!s->name)
		s->name = xstrdup("");
	return s->name;
}

void field_names_release(struct field_names *f)
{
	for (size_t i = 0; i < FIELD_NAMES; i++)
		free(f->slots[i].name);
}
