/* SPDX-License-Identifier: MIT */
/* From code addresses to DIEs, made once where libdw would walk each time. */
#ifndef DIE_MAP_H
#define DIE_MAP_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct die_map { /* all zero is an empty one */
	struct die_stretch *list;
	size_t count;
	size_t capacity;
};

/* Add all addresses of `die`'s code, which may be none. Dies when out of
 * memory. */
void die_map_add(struct die_map *m, Dwarf_Die *die);

/* After the last was added, before the first is looked for. */
void die_map_sort(struct die_map *m);

/* The DIE at `pc`: of several the one that begins last, of those the
 * narrowest, of those the first in the file. NULL when there is none. Lives
 * as long as the map. */
Dwarf_Die *die_map_find(const struct die_map *m, Dwarf_Addr pc);

void die_map_release(struct die_map *m);

#endif
