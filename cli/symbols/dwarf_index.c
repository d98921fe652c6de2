/* SPDX-License-Identifier: MIT */
#include "dwarf_index.h"

#include <stdlib.h>

#include "list.h"

struct dwarf_range {
	Dwarf_Addr low, high; /* pc in low .. high-1 */
	Dwarf_Die die;
};

void dwarf_index_add(struct dwarf_index *m, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		*LIST_ADD(m->list, m->count) =
		    (struct dwarf_range){ low, high, *die };
	}
}

/* What is to be found first comes last. */
static int compare(const void *a, const void *b)
{
	const struct dwarf_range *x = a;
	const struct dwarf_range *y = b;

	return ORDER(x->low, y->low) ?:
	       ORDER(y->high, x->high) ?:
	       (x->die.addr < y->die.addr) - (x->die.addr > y->die.addr);
}

void dwarf_index_sort(struct dwarf_index *m)
{
	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), compare);
}

Dwarf_Die *dwarf_index_find(const struct dwarf_index *m, Dwarf_Addr pc)
{
	size_t i = LOWER_BOUND(m->count, k, m->list[k].low <= pc);

	while (i-- > 0)
		if (pc < m->list[i].high)
			return &m->list[i].die;
	return NULL;
}

void dwarf_index_release(struct dwarf_index *m)
{
	free(m->list);
	*m = (struct dwarf_index){ 0 };
}
