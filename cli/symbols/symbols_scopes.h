/* SPDX-License-Identifier: MIT */
/*
 * Which compilation unit and which functions surround an address.  libdw's own
 * dwarf_getscopes() walks the whole unit for each address; here a unit is
 * walked once.  Units of split debug information are those of the module; their
 * functions come from the .dwo file, if that is there.  All die when out of
 * memory.
 */
#ifndef SYMBOLS_SCOPES_H
#define SYMBOLS_SCOPES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

#include "dwarf_index.h"
#include "split_files.h"

struct symbols_scopes { /* of one module; all zero at first */
	struct dwarf_index units;
	bool units_known;
	struct scopes_unit *functions; /* hash table of the units walked */
	/* Name of a file of split debug information that is not there, as it is
	 * in the module's; NULL: none was missed. Lives as long as the module.
	 */
	const char *lost;
	const char *why_lost; /* constant: "is not there (any more)" */
	struct split_files split;
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

/* Whether functions in `unit` are known only by the symbol table, as the .dwo
 * file is not there. */
bool symbols_scopes_is_lost(struct symbols_scopes *s, Dwarf_Die *unit);
/* The unit with all that is in it: the one of the .dwo file for a skeleton, else
 * `unit`; also where that file is not there, which s->lost then says. */
Dwarf_Die symbols_scopes_whole(struct symbols_scopes *s, Dwarf_Die *unit);

void symbols_scopes_release(struct symbols_scopes *s);

#endif
