/* SPDX-License-Identifier: MIT */
#include "value_set.h"

#include <stdlib.h>

#include "die.h"
#include "list.h"

#define FIRST_CAPACITY 64

uint64_t value_set_mix(uint64_t value)
{
	/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
	value += 0x9e3779b97f4a7c15u;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

void value_set_sort(struct value_set *d)
{
	size_t kept = 0;

	if (d->sorted == d->count)
		return;
	qsort(d->values, d->count, sizeof(*d->values), list_ascending_64);
	for (size_t i = 0; i < d->count; i++)
		if (!kept || d->values[i] != d->values[kept - 1])
			d->values[kept++] = d->values[i];
	d->count = d->sorted = kept;
}

/* Room for one more: drop what is twice, and grow if little was. */
static void make_room(struct value_set *d)
{
	value_set_sort(d);
	if (d->count < d->capacity / 2)
		return;
	d->capacity = d->capacity ? 2 * d->capacity : FIRST_CAPACITY;
	d->values = xreallocarray(d->values, d->capacity, sizeof(*d->values));
}

void value_set_add(struct value_set *d, uint64_t value)
{
	uint64_t *recent = &d->recent[value_set_mix(value) % DISTINCT_RECENT];

	if (d->count && *recent == value && value)
		return;
	*recent = value;
	if (d->count == d->capacity)
		make_room(d);
	d->values[d->count++] = value;
}

uint64_t value_set_hash(struct value_set *d)
{
	uint64_t hash = 0;

	value_set_sort(d);
	for (size_t i = 0; i < d->count; i++)
		hash = value_set_mix(hash + d->values[i]);
	return hash;
}

void value_set_release(struct value_set *d)
{
	free(d->values);
	*d = (struct value_set){ 0 };
}
