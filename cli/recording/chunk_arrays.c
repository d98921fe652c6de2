/* SPDX-License-Identifier: MIT */
#include "chunk_arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

int chunk_array_grow(struct chunk_array *p, size_t record_size, size_t more)
{
	size_t capacity = p->capacity ? p->capacity : FIRST_CAPACITY;
	void *records;

	if (more > SIZE_MAX / 4 - p->count)
		return -ENOMEM;
	while (capacity < p->count + more)
		capacity *= 2;
	if (capacity == p->capacity)
		return 0;
	records = reallocarray(p->records, capacity, record_size);
	if (!records)
		return -ENOMEM;
	p->records = records;
	p->capacity = capacity;
	return 0;
}

static int add_zero(struct chunk_arrays *p, enum rkn_chunk_type type)
{
	struct chunk_array *part = &p->of[type];
	size_t size = chunk_array_kinds[type].record_size;

	if (chunk_array_grow(part, size, 1))
		return -ENOMEM;
	memset((char *)part->records + part->count++ * size, 0, size);
	return 0;
}

int chunk_arrays_complete(struct chunk_arrays *p)
{
	static const enum rkn_chunk_type zeros[] = {
		RKN_CHUNK_STRINGS, RKN_CHUNK_FRAMES, RKN_CHUNK_STACKS,
		RKN_CHUNK_THREADS, RKN_CHUNK_NAMES,
	};
	const struct chunk_array *strings = &p->of[RKN_CHUNK_STRINGS];
	const char *text;

	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (!p->of[zeros[i]].count && add_zero(p, zeros[i]))
			return -ENOMEM;
	text = strings->records;
	return text[strings->count - 1] ? add_zero(p, RKN_CHUNK_STRINGS) : 0;
}

#define TAKE(p, type, pointer, number)                                         \
	do {                                                                   \
		(pointer) = (p)->of[type].records;                             \
		(number) = (p)->of[type].count;                                \
		(p)->of[type] = (struct chunk_array){ 0 };                     \
	} while (0)

void chunk_arrays_to_model(struct chunk_arrays *p, struct model *m)
{
	const struct rkn_limit *limits = p->of[RKN_CHUNK_LIMITS].records;
	size_t all;

	m->meta = *(struct rkn_meta *)p->of[RKN_CHUNK_META].records;
	for (size_t i = 0; i < p->of[RKN_CHUNK_LIMITS].count; i++)
		if (limits[i].number < RKN_LIMITS)
			m->limits[limits[i].number] += limits[i].count;
	TAKE(p, RKN_CHUNK_STRINGS, m->strings, m->strings_size);
	TAKE(p, RKN_CHUNK_MODULES, m->modules, m->module_count);
	TAKE(p, RKN_CHUNK_FRAMES, m->frames, m->frame_count);
	TAKE(p, RKN_CHUNK_STACKS, m->stacks, m->stack_count);
	TAKE(p, RKN_CHUNK_THREADS, m->threads, m->thread_count);
	TAKE(p, RKN_CHUNK_BLOCKS, m->blocks, m->block_count);
	TAKE(p, RKN_CHUNK_EDGES, m->edges, m->edge_count);
	TAKE(p, RKN_CHUNK_ROOTS, m->roots, m->root_count);
	/* What is no root any more stands behind those that are. */
	all = m->root_count;
	while (m->root_count &&
	       m->roots[m->root_count - 1].kind == RKN_ROOT_GONE)
		m->root_count--;
	m->gone_count = all - m->root_count;
	m->gone = m->roots ? m->roots + m->root_count : NULL;
	TAKE(p, RKN_CHUNK_NAMES, m->names, m->name_count);
	TAKE(p, RKN_CHUNK_OBJECTS, m->objects, m->object_count);
	TAKE(p, RKN_CHUNK_REFERENCES, m->references, m->reference_count);
	TAKE(p, RKN_CHUNK_EVENTS, m->events, m->event_count);
	TAKE(p, RKN_CHUNK_ERRORS, m->errors, m->error_count);
	TAKE(p, RKN_CHUNK_REGIONS, m->regions, m->region_count);
	TAKE(p, RKN_CHUNK_MARKS, m->marks, m->mark_count);
	TAKE(p, RKN_CHUNK_CENSUS, m->census, m->census_count);
	TAKE(p, RKN_CHUNK_WIDE, m->wide, m->wide_count);
	TAKE(p, RKN_CHUNK_FREES, m->frees, m->free_count);
	chunk_arrays_release(p);
}

void chunk_arrays_release(struct chunk_arrays *p)
{
	for (int i = 0; i < PARTS; i++)
		free(p->of[i].records);
	memset(p, 0, sizeof(*p));
}
