/* SPDX-License-Identifier: MIT */
#include "symbols_scopes.h"
#include "list.h"

#include <dwarf.h>
#include <stdlib.h>

#include "hash.h"
#include "progress.h"

#define MOST_DEPTH 512 /* of the tree of DIEs: a file may be damaged */

struct scopes_unit {
	Dwarf_Off offset; /* the key */
	struct dwarf_index map;
	bool lost;
	UT_hash_handle hh;
};

Dwarf_Die *symbols_scopes_unit(struct symbols_scopes *s, Dwfl_Module *module,
			       Dwarf_Addr address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

	if (unit || !dwfl_module_getdwarf(module, bias))
		return unit;
	if (!s->units_known) {
		Dwarf_Addr same;

		progress_begin("reading debug information", NULL, 0);
		while ((unit = dwfl_module_nextcu(module, unit, &same)))
			dwarf_index_add(&s->units, unit);
		dwarf_index_sort(&s->units);
		progress_end();
		s->units_known = true;
	}
	return dwarf_index_find(&s->units, address - *bias);
}

/* Functions may be in functions, namespaces and types. */
static void list_functions(struct dwarf_index *map, Dwarf_Die *parent,
			   int depth)
{
	Dwarf_Die child;

	if (depth > MOST_DEPTH || dwarf_child(parent, &child))
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram || tag == DW_TAG_entry_point)
			dwarf_index_add(map, &child);
		list_functions(map, &child, depth + 1);
	} while (!dwarf_siblingof(&child, &child));
}

/* Where the unit's functions are: of a skeleton the .dwo file, which libdw
 * looks for by the name in it. */
static Dwarf_Die whole_unit(struct symbols_scopes *s, Dwarf_Die *unit,
			    bool *lost)
{
	Dwarf_Die split = { 0 };
	const char *why;
	uint8_t type = 0;

	if (dwarf_cu_info(unit->cu, NULL, &type, NULL, NULL, NULL, NULL,
			  NULL) ||
	    type != DW_UT_skeleton)
		return *unit;
	split_files_supply(&s->split, unit);
	if (dwarf_cu_info(unit->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL))
		split.addr = NULL;
	why = split_files_note(&s->split, unit, split.addr);
	if (split.addr)
		return split;
	*lost = true;
	if (!s->lost) {
		s->lost = split_files_name(&s->split, unit);
		s->why_lost = why;
	}
	return *unit;
}

static const struct scopes_unit *look_up(struct symbols_scopes *s,
					 Dwarf_Die *unit)
{
	Dwarf_Off offset = dwarf_dieoffset(unit);
	struct scopes_unit *u;
	Dwarf_Die whole;

	HASH_FIND(hh, s->functions, &offset, sizeof(offset), u);
	if (!u) {
		HASH_MAKE(s->functions, offset, offset, u);
		whole = whole_unit(s, unit, &u->lost);
		list_functions(&u->map, &whole, 0);
		dwarf_index_sort(&u->map);
	}
	return u;
}

Dwarf_Die symbols_scopes_whole(struct symbols_scopes *s, Dwarf_Die *unit)
{
	bool lost = false;

	return whole_unit(s, unit, &lost);
}

bool symbols_scopes_is_lost(struct symbols_scopes *s, Dwarf_Die *unit)
{
	return look_up(s, unit)->lost;
}

/* Make *scope its child at `pc`: an inlined function or a block. */
static bool descend(Dwarf_Die *scope, Dwarf_Addr pc)
{
	Dwarf_Die child;

	if (dwarf_child(scope, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);

		/* What else is in a function, such as its calls, may be much
		 * more. */
		if ((tag == DW_TAG_inlined_subroutine ||
		     tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
		     tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt) &&
		    dwarf_haspc(&child, pc) > 0) {
			*scope = child;
			return true;
		}
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

Dwarf_Die *symbols_scopes_function(struct symbols_scopes *s, Dwarf_Die *unit,
				   Dwarf_Addr pc)
{
	return dwarf_index_find(&look_up(s, unit)->map, pc);
}

size_t symbols_scopes_find(struct symbols_scopes *s, Dwarf_Die *unit,
			   Dwarf_Addr pc, Dwarf_Die **list)
{
	Dwarf_Die *function = symbols_scopes_function(s, unit, pc), scope;
	size_t count = 0;

	*list = NULL;
	if (!function)
		return 0;
	scope = *function;
	do {
		if (count && dwarf_tag(&scope) != DW_TAG_inlined_subroutine)
			continue;
		*LIST_ADD(*list, count) = scope;
	} while (descend(&scope, pc));
	for (size_t i = 0; i < count / 2; i++) {
		scope = (*list)[i];
		(*list)[i] = (*list)[count - 1 - i];
		(*list)[count - 1 - i] = scope;
	}
	return count;
}

void symbols_scopes_release(struct symbols_scopes *s)
{
	struct scopes_unit *u, *next;

	HASH_ITER (hh, s->functions, u, next) {
		HASH_DEL(s->functions, u);
		dwarf_index_release(&u->map);
		free(u);
	}
	dwarf_index_release(&s->units);
	split_files_release(&s->split);
	*s = (struct symbols_scopes){ 0 };
}
