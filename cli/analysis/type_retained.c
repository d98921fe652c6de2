/* SPDX-License-Identifier: MIT */
#include "type_retained.h"

#include <stdlib.h>

#include "holding.h"
#include "list.h"
#include "retained.h"

/* How many objects each block is; NULL: each is one. */
static uint32_t *count_objects(const struct model *m)
{
	uint32_t *objects;

	if (m->object_count <= 1)
		return NULL;
	objects = xcalloc(m->block_count + 1, sizeof(*objects));
	for (uint32_t i = 1; i < m->object_count; i++)
		if (m->objects[i].block != RKN_NONE)
			objects[m->objects[i].block]++;
	return objects;
}

static void retain_whole(struct type_view *v, const struct holding *h,
			 struct retained_labels l, uint32_t *of_block)
{
	struct retained_sum sum;

	for (uint64_t i = 0; i < v->blocks; i++)
		of_block[v->list[i]] = 0;
	l.count = 1;
	retained_by_label(&sum, h, &l);
	v->retained_objects = sum.objects;
	v->retained_bytes = sum.bytes;
	for (uint64_t i = 0; i < v->blocks; i++)
		of_block[v->list[i]] = RETAINED_NONE;
}

/* The pointers of all fields, by the number of the field. */
static struct retained_part *list_pointers(const struct type_view *v,
					   const struct reading *in,
					   size_t *count)
{
	struct retained_part *parts = NULL;

	*count = 0;
	for (uint64_t i = 0; i < v->blocks; i++) {
		uint32_t b = v->list[i];
		const struct block_type type = block_types_of(in->types, b);
		size_t first, n = model_edges_of(in->m, b, &first);

		for (size_t e = first; type.type && e < first + n; e++) {
			uint64_t element,
			    at = model_edge_from(in->m, &in->m->edges[e]);
			const struct type_field *f =
			    type_view_field(v, &type, at, &element);

			if (f)
				*LIST_ADD(parts, *count) =
				    (struct retained_part){
					    .start = at,
					    .end = at + 1,
					    .block = b,
					    .label = (uint32_t)(f - v->fields),
				    };
		}
	}
	return parts;
}

static void retain_fields(struct type_view *v, const struct reading *in,
			  const struct holding *h, struct retained_labels l)
{
	struct retained_part *parts = list_pointers(v, in, &l.part_count);
	struct retained_sum *sums = xcalloc(v->count + 1, sizeof(*sums));

	l.parts = parts;
	l.places = true;
	l.count = (uint32_t)v->count;
	if (l.part_count)
		retained_by_label(sums, h, &l);
	for (size_t i = 0; i < v->count; i++) {
		v->fields[i].retained_objects = sums[i].objects;
		v->fields[i].retained_bytes = sums[i].bytes;
	}
	free(sums);
	free(parts);
}

void type_retained(struct type_view *v, const struct reading *in)
{
	const struct model *m = in->m;
	uint32_t *of_block = xcalloc(m->block_count + 1, sizeof(*of_block));
	uint32_t *objects = count_objects(m);
	const struct retained_labels l = { .of_block = of_block,
					   .objects = objects };
	struct holding h;

	for (size_t b = 0; b < m->block_count; b++)
		of_block[b] = RETAINED_NONE;
	holding_open(&h, m, in->counts);
	retain_whole(v, &h, l, of_block);
	retain_fields(v, in, &h, l);
	holding_close(&h);
	free(objects);
	free(of_block);
}
