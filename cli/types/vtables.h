/* SPDX-License-Identifier: MIT */
/*
 * Tables of virtual functions, as the Itanium C++ ABI has them:
 *
 *     -16  from the part of the object that points here to its start
 *      -8  its type_info, or 0 where the program has none (-fno-rtti)
 *       0  the first function: here an object points
 *
 * A type_info is { table of a class of __cxxabiv1, mangled name, bases }.
 */
#ifndef VTABLES_H
#define VTABLES_H

#include "elf_words.h"

/* The class of an object whose first word leads to `address`, in full; for the
 * caller to free. NULL: there is no table, or it is not that of a whole object.
 */
char *vtables_class(struct elf_words *w, uint64_t address);

/* What people read for `symbol` at `address` in it: "ns::methods+0x20"; for the
 * caller to free. */
char *vtables_plain(const struct elf_symbol *symbol, uint64_t address);

/* Whether a type_info is before `address`, whichever part of an object points
 * there. */
bool vtables_has_type(struct elf_words *w, uint64_t address);

#endif
