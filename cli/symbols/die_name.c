/* SPDX-License-Identifier: MIT */
#include "die_name.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "plain_name.h"

#define MOST_DEPTH 32 /* scopes within each other */

/* Later than the libdw of some systems. */
#define LANGUAGE_C_PLUS_PLUS_17 0x2a
#define LANGUAGE_C_PLUS_PLUS_20 0x2b
#define LANGUAGE_C_PLUS_PLUS_23 0x3a

/* Of those that have no linkage name in debug information; C has none anyway. */
static bool has_scopes(Dwarf_Die *die)
{
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return false;
	switch (dwarf_srclang(&unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case LANGUAGE_C_PLUS_PLUS_17:
	case LANGUAGE_C_PLUS_PLUS_20:
	case LANGUAGE_C_PLUS_PLUS_23:
	case DW_LANG_Rust:
		return true;
	default:
		return false;
	}
}

const char *die_name(Dwarf_Die *die, bool *qualifies)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	*qualifies = !name && has_scopes(die);
	return name ? name : dwarf_diename(die);
}

/* What the function is an instance of, then its declaration: in its class. */
static Dwarf_Die declaration_of(const Dwarf_Die *die)
{
	static const unsigned names[] = { DW_AT_abstract_origin,
					  DW_AT_specification };
	Dwarf_Attribute attribute;
	Dwarf_Die at = *die, other;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int depth = 0; depth < MOST_DEPTH &&
				    dwarf_attr(&at, names[i], &attribute) &&
				    dwarf_formref_die(&attribute, &other);
		     depth++)
			at = other;
	return at;
}

/* A scope's own word around function `of`; NULL: it adds none. The caller frees
 * it. */
static char *word_of(Dwarf_Die *scope, const char *of)
{
	const char *name = dwarf_diename(scope);
	bool qualifies;

	switch (dwarf_tag(scope)) {
	case DW_TAG_namespace:
		return xstrdup(name ? name : "(anonymous namespace)");
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		if (name)
			return xstrdup(name);
		return xstrdup(strcmp(of, "operator()") ? "{unnamed}"
							: "{lambda}");
	case DW_TAG_subprogram:
		name = die_name(scope, &qualifies);
		return name ? plain_name_shown(name) : NULL;
	default:
		return NULL;
	}
}

/* The child of `parent` that has `die` in it, or is it: the last one that does
 * not begin behind it. */
static bool find_child(Dwarf_Die *parent, Dwarf_Die *die, Dwarf_Die *child)
{
	Dwarf_Off wanted = dwarf_dieoffset(die);
	Dwarf_Die at;
	bool found = false;

	if (dwarf_child(parent, &at))
		return false;
	do {
		if (dwarf_dieoffset(&at) > wanted)
			break;
		*child = at;
		found = true;
	} while (!dwarf_siblingof(&at, &at));
	return found;
}

char *die_name_qualified(Dwarf_Die *die)
{
	Dwarf_Die at = declaration_of(die), scope, child;
	const char *name = dwarf_diename(die) ?: "{unnamed}";
	char *text = xstrdup(""), *longer, *word;

	if (!dwarf_diecu(&at, &scope, NULL, NULL))
		scope = at;
	for (int depth = 0; depth < MOST_DEPTH && scope.addr != at.addr &&
			    find_child(&scope, &at, &child);
	     depth++) {
		scope = child;
		word = scope.addr == at.addr ? NULL : word_of(&scope, name);
		if (!word)
			continue;
		longer = dwarf_tag(&scope) == DW_TAG_subprogram
			     ? xasprintf("%s::", word)
			     : xasprintf("%s%s::", text, word);
		free(word);
		free(text);
		text = longer;
	}
	longer = xasprintf("%s%s", text, name);
	free(text);
	return longer;
}

/* dwarf_decl_file() may end the program where a unit is split. */
const char *die_file(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word value;
	Dwarf_Die unit;
	size_t count;

	if (!dwarf_attr_integrate(die, DW_AT_decl_file, &attribute) ||
	    dwarf_formudata(&attribute, &value) ||
	    !dwarf_cu_die(attribute.cu, &unit, NULL, NULL, NULL, NULL, NULL,
			  NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &count) || value >= count)
		return NULL;
	return dwarf_filesrc(files, value, NULL, NULL);
}
