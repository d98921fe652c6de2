/* SPDX-License-Identifier: MIT */
#include "groups_retained.h"

#include <stdlib.h>

#include "die.h"
#include "hash.h"
#include "holding.h"
#include "list.h"
#include "retained.h"

static void retain(struct groups *g, const struct reading *in,
		   const struct retained_labels *l)
{
	struct retained_sum *sums = xcalloc(g->count + 1, sizeof(*sums));
	struct holding h;

	holding_open(&h, in->m, in->counts);
	retained_by_label(sums, &h, l);
	holding_close(&h);
	for (size_t i = 0; i < g->count; i++) {
		g->list[i].retained_objects = sums[i].objects;
		g->list[i].retained_bytes = sums[i].bytes;
	}
	g->retained = true;
	free(sums);
}

void groups_retain_blocks(struct groups *g, const struct reading *in,
			  const uint32_t *of_block)
{
	const struct retained_labels l = { .count = (uint32_t)g->count,
					   .of_block = of_block };

	retain(g, in, &l);
}

/* --- By type ---------------------------------------------------------------- */

/* Types that are equal have the same pointer. */
struct type_entry {
	const char *type;
	uint32_t group;
	UT_hash_handle hh;
};

/* The group of each block that has no objects. */
static void label_blocks(struct groups *g, const struct reading *in,
			 struct group_choice choice,
			 struct groups_entry **table, uint32_t *of_block)
{
	struct type_entry *types = NULL;

	for (uint32_t b = 0; b < in->m->block_count; b++) {
		struct type_entry *e;
		const char *type;

		of_block[b] = RETAINED_NONE;
		if (names_has_objects(in->names, b) ||
		    !groups_chose(in, choice, b))
			continue;
		type = names_block_type(in->names, b);
		HASH_FIND_PTR(types, &type, e);
		if (!e) {
			HASH_MAKE(types, type, type, e);
			e->group =
			    (uint32_t)groups_find(g, table, xstrdup(type));
		}
		of_block[b] = e->group;
	}
	HASH_FREE(types);
}

/* The group of each object, by number. */
static uint32_t *label_objects(struct groups *g, const struct reading *in,
			       struct group_choice choice,
			       struct groups_entry **table)
{
	const struct model *m = in->m;
	uint32_t *of_type = xcalloc(m->name_count + 1, sizeof(*of_type));
	uint32_t *labels = xcalloc(m->object_count + 1, sizeof(*labels));

	for (uint32_t i = 1; i < m->object_count; i++) {
		uint32_t type = m->objects[i].type;

		labels[i] = RETAINED_NONE;
		if (m->objects[i].block == RKN_NONE ||
		    !groups_chose_object(in, choice, i))
			continue;
		if (!of_type[type])
			of_type[type] =
			    1 + (uint32_t)groups_find(g, table,
						      xstrdup(names_type_called(
							  in->names, type)));
		labels[i] = of_type[type] - 1;
	}
	free(of_type);
	return labels;
}

/* Blocks with objects of one label get that; those with objects of several have
 * parts instead, whose number is the result. objects[] counts them. */
static size_t label_parts(const struct reading *in, const uint32_t *labels,
			  uint32_t *of_block, uint32_t *objects,
			  struct retained_part **parts)
{
	const struct model *m = in->m;
	uint8_t *mixed = xcalloc(m->block_count + 1, 1);
	size_t count = 0;

	for (uint32_t i = 1; i < m->object_count; i++) {
		uint32_t b = m->objects[i].block;

		if (b == RKN_NONE)
			continue;
		if (!objects[b]++)
			of_block[b] = labels[i];
		else if (of_block[b] != labels[i])
			mixed[b] = 1;
	}
	for (uint32_t i = 1; i < m->object_count; i++) {
		uint32_t b = m->objects[i].block;
		struct retained_part *p;

		if (b == RKN_NONE || !mixed[b])
			continue;
		of_block[b] = RETAINED_NONE;
		p = LIST_ADD(*parts, count);
		p->block = b;
		p->end = names_part(in->names, i, &p->start);
		p->label = labels[i];
	}
	free(mixed);
	return count;
}

void groups_retain_types(struct groups *g, const struct reading *in,
			 struct group_choice choice,
			 struct groups_entry **table)
{
	const struct model *m = in->m;
	uint32_t *of_block = xcalloc(m->block_count + 1, sizeof(*of_block));
	uint32_t *objects = xcalloc(m->block_count + 1, sizeof(*objects));
	uint32_t *labels;
	struct retained_part *parts = NULL;
	struct retained_labels l = { .of_block = of_block, .objects = objects };

	label_blocks(g, in, choice, table, of_block);
	labels = label_objects(g, in, choice, table);
	l.part_count = label_parts(in, labels, of_block, objects, &parts);
	l.parts = parts;
	l.count = (uint32_t)g->count;
	retain(g, in, &l);
	free(parts);
	free(labels);
	free(objects);
	free(of_block);
}
