/* SPDX-License-Identifier: MIT */
/*
 * The types that one file with debug information defines, by name, and the name
 * of each.  What a person would write is a name, with its scopes in C++; a type
 * that has none has that of the typedef for it, or the place of its declaration:
 *
 *     struct session   ns::Pool<int>   (anonymous namespace)::Job   f(int)::Local
 *     pair             struct (lru.c:12)        the second there: struct (lru.c:12/2)
 *
 * All die when out of memory.
 */
#ifndef C_FILE_H
#define C_FILE_H

#include <elfutils/libdw.h>
#include <stdbool.h>

struct c_file;

/* Lists what is outside of functions. */
struct c_file *c_file_open(Dwarf *dwarf);
void c_file_close(struct c_file *f);

bool c_file_is_aggregate(int tag);
/* Whether a `tag` is a name, a qualifier or the like of another type. */
bool c_file_is_alias(int tag);

/* Moves `die` on to the first of it and its siblings that is a member; false: none
 * is. */
bool c_file_go_to_member(Dwarf_Die *die);

/* The type that `die` says it is of; false: none. */
bool c_file_next(Dwarf_Die *die, Dwarf_Die *type);
/* Bytes; 0: not known. */
uint64_t c_file_size(Dwarf_Die *die);

/*
 * The name of the structure, union, enumeration or base type `die`, for the caller
 * to free.  `*unnamed`: it has none, and the text is the place of its
 * declaration.  Of what is in a function all of its unit is read, once.
 */
char *c_file_name(struct c_file *f, Dwarf_Die *die, bool *unnamed);

/*
 * Each unit has a DIE of its own for one type: of those with one name, size and
 * members the first stands for all, and for declarations unless there are
 * several.
 */
void c_file_unite(struct c_file *f, Dwarf_Die *die);

/* What is called `name`, and nothing else in the file is; false: that is not so. */
bool c_file_named(struct c_file *f, const char *name, Dwarf_Die *die);

#endif
