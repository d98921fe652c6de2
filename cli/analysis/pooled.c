/* SPDX-License-Identifier: MIT */
#include "pooled.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"
#include "outstanding.h"

#define MOST_HEADER 256 /* bytes before the one object of a block */

/* The last one that is left of a pool is where no header ends. */
bool pooled_is(const struct reading *in, const struct findings *f,
	       uint32_t object)
{
	const struct rkn_object *o = &in->m->objects[object];

	if (o->block == RKN_NONE || o->flags & RKN_OBJECT_ENDED ||
	    f->owner[o->block])
		return false;
	return names_object_at(in->names, o->block) != object ||
	       o->address - in->m->blocks[o->block].address >= MOST_HEADER;
}

static int by_count(const void *a, const void *b)
{
	const struct pooled_kind *x = a, *y = b;

	return ORDER(y->count, x->count)
		   ?: (x->count ? strcmp(x->type, y->type) : 0);
}

void pooled_make(struct pooled *p, const struct reading *in,
		 const struct findings *f)
{
	const struct model *m = in->m;
	uint8_t *told = xcalloc(m->object_count + 1, 1);

	/* Members of findings. */
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *of = &f->list[i];

		for (size_t k = 0; of->member_objects && k < of->member_count;
		     k++)
			told[of->member_objects[k]] = 1;
	}
	*p = (struct pooled){
		.list = xcalloc(m->name_count + 1, sizeof(*p->list)),
	};
	for (uint32_t i = 1; i < m->object_count; i++) {
		struct pooled_kind *k = &p->list[m->objects[i].type];
		uint64_t references = outstanding_on(m, i);

		if (told[i] || !references || !pooled_is(in, f, i))
			continue;
		k->type = names_type_called(in->names, m->objects[i].type);
		*LIST_ADD(k->objects, k->count) = i;
		k->references += references;
		p->objects++;
	}
	qsort(p->list, m->name_count, sizeof(*p->list), by_count);
	while (p->list[p->count].count)
		p->count++;
	free(told);
}

void pooled_release(struct pooled *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].objects);
	free(p->list);
	*p = (struct pooled){ 0 };
}
