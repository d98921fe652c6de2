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

int chunk_array_take(struct chunk_array *p, size_t record_size, size_t count)
{
	if (!count)
		return 0;
	p->records = reallocarray(NULL, count, record_size);
	if (!p->records)
		return -ENOMEM;
	p->count = p->capacity = count;
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

struct chunk_array chunk_array_of(const struct model *m,
				  enum rkn_chunk_type type)
{
	const struct chunk_array_kind *kind = &chunk_array_kinds[type];
	struct chunk_array array = { 0 };

	if (kind->array) {
		memcpy(&array.records, (const char *)m + kind->array,
		       sizeof(array.records));
		memcpy(&array.count, (const char *)m + kind->number,
		       sizeof(array.count));
	}
	return array;
}

void chunk_arrays_to_model(struct chunk_arrays *p, struct model *m)
{
	const struct rkn_limit *limits = p->of[RKN_CHUNK_LIMITS].records;
	size_t all;

	m->meta = *(struct rkn_meta *)p->of[RKN_CHUNK_META].records;
	for (size_t i = 0; i < p->of[RKN_CHUNK_LIMITS].count; i++)
		if (limits[i].number < RKN_LIMITS)
			m->limits[limits[i].number] += limits[i].count;
	for (int type = 1; type < PARTS; type++) {
		const struct chunk_array_kind *kind = &chunk_array_kinds[type];
		struct chunk_array *part = &p->of[type];

		if (!kind->array)
			continue;
		memcpy((char *)m + kind->array, &part->records,
		       sizeof(part->records));
		memcpy((char *)m + kind->number, &part->count,
		       sizeof(part->count));
		part->records = NULL;
	}
	/* The roots that are left come first, then those that are gone. */
	all = m->root_count;
	while (m->root_count &&
	       m->roots[m->root_count - 1].kind == RKN_ROOT_GONE)
		m->root_count--;
	m->gone_count = all - m->root_count;
	m->gone = m->roots ? m->roots + m->root_count : NULL;
	chunk_arrays_release(p);
}

void chunk_arrays_release(struct chunk_arrays *p)
{
	for (int i = 0; i < PARTS; i++)
		free(p->of[i].records);
	memset(p, 0, sizeof(*p));
}
