/* SPDX-License-Identifier: MIT */
#include "die_map.h"

#include <stdlib.h>

#include "die.h"

struct die_stretch {
	Dwarf_Addr low, high; /* pc in low .. high-1 */
	Dwarf_Die die;
};

void die_map_add(struct die_map *m, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		if (m->count == m->capacity) {
			m->capacity = m->capacity ? 2 * m->capacity : 64;
			m->list = xreallocarray(m->list, m->capacity,
						sizeof(*m->list));
		}
		m->list[m->count++] = (struct die_stretch){ low, high, *die };
	}
}

/* What is to be found first comes last. */
static int compare(const void *a, const void *b)
{
	const struct die_stretch *x = a;
	const struct die_stretch *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->high != y->high)
		return x->high > y->high ? -1 : 1;
	return (x->die.addr < y->die.addr) - (x->die.addr > y->die.addr);
}

void die_map_sort(struct die_map *m)
{
	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), compare);
}

Dwarf_Die *die_map_find(const struct die_map *m, Dwarf_Addr pc)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->list[middle].low <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0)
		if (pc < m->list[low].high)
			return &m->list[low].die;
	return NULL;
}

void die_map_release(struct die_map *m)
{
	free(m->list);
	*m = (struct die_map){ 0 };
}
