/* SPDX-License-Identifier: MIT */
/* Names of functions as debug information has them, and files of declarations. */
#ifndef DIE_NAME_H
#define DIE_NAME_H

#include <elfutils/libdw.h>

/* As the symbol table spells it, so that both sources of names agree; else, as
 * of functions that only their own file knows, "get" of ns::Pool::get. NULL: it
 * has none. Lives as long as the module. `*qualifies`: it is such a name, in a
 * language that has more to say. */
const char *die_name(Dwarf_Die *die, bool *qualifies);

/* "ns::Pool::get" by the scopes around the function's declaration: the caller
 * frees it. Time: the declarations before those scopes. Dies when out of
 * memory. */
char *die_name_qualified(Dwarf_Die *die);

/* The path of the file that declares what `die` is; NULL: not known. Lives as
 * long as the module. */
const char *die_file(Dwarf_Die *die);

#endif
