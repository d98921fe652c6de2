/* SPDX-License-Identifier: MIT */
/* From code addresses to DIEs, made once where libdw would walk each time. */
#ifndef DWARF_INDEX_H
#define DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct dwarf_index { /* all zero is an empty one */
	struct dwarf_range *list;
	size_t count;
};

/* Adds all addresses of `die`'s code, which may be none. Dies when out of
 * memory. */
void dwarf_index_add(struct dwarf_index *m, Dwarf_Die *die);

/* Call it after the last was added, before the first is looked for. */
void dwarf_index_sort(struct dwarf_index *m);

/* The DIE at `pc`: of several the one that begins last, of those the narrowest,
 * of those the first in the file. NULL if there is none. Lives as long as the
 * index. */
Dwarf_Die *dwarf_index_find(const struct dwarf_index *m, Dwarf_Addr pc);

void dwarf_index_release(struct dwarf_index *m);

#endif
