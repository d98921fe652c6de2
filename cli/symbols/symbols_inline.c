/* SPDX-License-Identifier: MIT */
#include "symbols_inline.h"
#include "base_name.h"
#include "die_name.h"
#include "plain_name.h"

#include <dwarf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* `own`: the function has code at `address`, which its symbol is for. */
static void set_name(struct location *l, struct symbols_module *m,
		     Dwarf_Die *function, uint64_t address, bool own)
{
	const struct functions_one *symbol;
	bool qualifies;
	char *name;

	l->function = die_name(function, &qualifies);
	if (!l->function || !qualifies)
		return;
	symbol = own ? symbols_functions_at(m, address) : NULL;
	if (symbol && plain_name_may_differ(symbol->name)) {
		l->qualified = symbol->name;
		return;
	}
	name = die_name_qualified(function);
	l->qualified = symbols_module_keep(m, name, strlen(name));
	free(name);
}

/* Relative names are so to where the compiler ran. */
static void set_file(struct location *l, Dwarf_Die *unit, const char *file)
{
	Dwarf_Attribute attribute;

	l->file = file;
	if (file && *file != '/')
		l->directory = dwarf_formstring(
		    dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

/* Where the inlined function `die` was called from. */
static void set_call_site(struct location *l, Dwarf_Die *unit, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word value;
	Dwarf_Die own; /* in split debug information not `unit` */
	size_t count;

	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute),
			     &value))
		l->line = (unsigned)value;
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_column, &attribute),
			     &value) &&
	    value <= INT_MAX)
		l->column = (unsigned)value;
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute),
			     &value) &&
	    dwarf_diecu(die, &own, NULL, NULL) &&
	    !dwarf_getsrcfiles(&own, &files, &count) && value < count)
		set_file(l, unit, dwarf_filesrc(files, value, NULL, NULL));
}

static void set_line(struct location *l, Dwarf_Die *unit, Dwarf_Addr pc)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, pc);
	int number;

	if (!line)
		return;
	set_file(l, unit, dwarf_linesrc(line, NULL, NULL));
	if (!dwarf_lineno(line, &number) && number > 0)
		l->line = (unsigned)number;
	if (!dwarf_linecol(line, &number) && number > 0)
		l->column = (unsigned)number;
}

/* Is it one of refknot.h's own functions? Where it was called is the place. */
static bool is_ours(const struct location *l)
{
	const char *file = l->file ? strrchr(l->file, '/') : NULL;

	return l->function && !strncmp(l->function, "refknot_", 8) && file &&
	       !strcmp(file, "/refknot.h");
}

bool symbols_inline_is_ours(struct symbols_module *m, uint64_t address)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit, *scopes = NULL;
	size_t count = 0;
	bool ours = false;

	unit = symbols_scopes_unit(&m->scopes, m->module, address, &bias);
	if (unit)
		count = symbols_scopes_find(&m->scopes, unit, address - bias,
					    &scopes);
	for (size_t i = 0; i + 1 < count && !ours; i++) {
		bool qualifies;
		const struct location l = {
			.function = die_name(&scopes[i], &qualifies),
			.file = dwarf_decl_file(&scopes[i])
		};

		ours = is_ours(&l);
	}
	free(scopes);
	return ours;
}

size_t symbols_inline(struct symbols_module *m, uint64_t address,
		      struct location list[SYMBOLS_INLINE_MAX])
{
	Dwarf_Addr bias;
	Dwarf_Die *unit, *scopes = NULL;
	size_t scope_count = 0, count = 0;

	list[0] = (struct location){ 0 };
	unit = symbols_scopes_unit(&m->scopes, m->module, address, &bias);
	if (unit) {
		set_line(&list[0], unit, address - bias);
		scope_count = symbols_scopes_find(&m->scopes, unit,
						  address - bias, &scopes);
	}
	for (size_t i = 0; i < scope_count; i++) {
		struct location *l = &list[count];
		Dwarf_Die *function = &scopes[i];
		const char *file = die_file(function);
		int line;

		/* The directories of both may be written in several ways. */
		if (file && l->file &&
		    !strcmp(base_name(file), base_name(l->file)) &&
		    !dwarf_decl_line(function, &line) && line > 0)
			l->declared = (unsigned)line;
		set_name(l, m, function, address, i + 1 == scope_count);
		count++;
		if (i + 1 == scope_count || count == SYMBOLS_INLINE_MAX)
			break;
		list[count - 1].inlined = true;
		list[count] = (struct location){ 0 };
		set_call_site(&list[count], unit, &scopes[i]);
		if (is_ours(&list[count - 1])) {
			list[count - 1] = list[count];
			count--;
		}
	}
	free(scopes);
	if (!count)
		count = 1;
	if (unit && symbols_scopes_is_lost(&m->scopes, unit))
		list[count - 1].partial = true;
	if (!list[count - 1].function)
		list[count - 1].function = symbols_module_function(m, address);
	return count;
}
