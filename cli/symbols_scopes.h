/* SPDX-License-Identifier: MIT */
/*
 * Which compilation unit and which functions surround an address.  libdw's own
 * dwarf_getscopes() walks the whole unit for each address; here a unit is
 * walked once.  All die when out of memory.
 */
#ifndef SYMBOLS_SCOPES_H
#define SYMBOLS_SCOPES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

#include "die_map.h"

struct symbols_scopes { /* of one module; all zero at first */
	struct die_map units;
	bool units_known;
	struct scopes_unit *functions; /* hash table of the units walked */
};

/* The unit of an address, also where .debug_aranges lacks it; NULL if none. */
Dwarf_Die *symbols_scopes_unit(struct symbols_scopes *s, Dwfl_Module *module,
			       Dwarf_Addr address, Dwarf_Addr *bias);

/*
 * The function at `pc` in `unit` and those inlined there, innermost first;
 * the last is the one with code of its own. How many, 0 when none is known;
 * *list is for the caller to free.
 */
size_t symbols_scopes_find(struct symbols_scopes *s, Dwarf_Die *unit,
			   Dwarf_Addr pc, Dwarf_Die **list);

/* The last of them: NULL when none is known. Lives as long as `s`. */
Dwarf_Die *symbols_scopes_function(struct symbols_scopes *s, Dwarf_Die *unit,
				   Dwarf_Addr pc);

void symbols_scopes_release(struct symbols_scopes *s);

#endif
