/* SPDX-License-Identifier: MIT */
/*
 * The C and C++ types of one module, as its debug information has them.  Types
 * are read when they are asked for.  Names of typedefs, const and volatile are
 * left out: `kind` is that of the type behind them, `name` what a person would
 * write ("struct session", "char", "std::string").  All die when out of memory.
 *
 * Invariants: a type lives as long as its table; one DIE has one type; `to` and
 * a member's type are never NULL; sizes and offsets are as the file has them,
 * and may be nonsense in a damaged file.
 */
#ifndef C_TYPES_H
#define C_TYPES_H

#include <elfutils/libdw.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum c_kind {
	C_VOID,    /* also what is not understood */
	C_BYTE,    /* char and other numbers of one byte */
	C_NUMBER,  /* other numbers, enums */
	C_POINTER, /* C++ references too */
	C_STRUCT,  /* C++ classes too */
	C_UNION,
	C_ARRAY,
	C_FUNCTION,
};

struct c_type;

struct c_member {
	const char *name; /* NULL: it has none, as anonymous structs */
	uint64_t offset;  /* bytes; of a bit field the byte of its first bit */
	const struct c_type *type;
	bool base;   /* a C++ base class */
	uint8_t bit; /* of a bit field: the first of that byte, 0 the lowest */
	uint32_t bits; /* of a bit field; 0: it is none */
};

struct c_entry; /* what c_types.c knows more */

struct c_type {
	struct c_entry *entry;
	enum c_kind kind;
	const char *name;        /* NULL: it has none */
	bool unnamed;            /* the name is where it is declared, as
				    "struct (lru.c:12)": others may have it */
	uint64_t size;           /* bytes; 0: not known */
	const struct c_type *to; /* of a pointer or array */
	uint64_t count;          /* elements of an array; 0: not known */
};

struct c_types;

struct c_types *c_types_open(void);
void c_types_close(struct c_types *t);

/*
 * A table for types_cache.h: all types in the order of their numbers, each
 * [kind, name, size, to, count, members, DIE's offset, hidden, unnamed]. NULL: it
 * cannot be kept, because types are in several files.
 */
json_t *c_types_save(struct c_types *t, Dwarf *main);
/* Of a type of the saved table, from 0; -1: void. */
json_int_t c_type_number(const struct c_type *type);
/* Fills an empty table. `main` is asked for with `data` when more is needed than
 * was saved. False: it is none; then `t` is of no use. */
bool c_types_restore(struct c_types *t, const json_t *saved,
		     Dwarf *(*main)(void *data), void *data);
/* NULL: there is no such type. */
const struct c_type *c_type_numbered(const struct c_types *t,
				     const json_t *number);

/* The type of variable, parameter, member, or function (what it returns) `die`;
 * `void` where it has none. `dwarf` is the file that its unit is in. */
const struct c_type *c_type_of(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die);

/* The only type of that whole name ("ns::Box<int>") that is defined in `dwarf`;
 * NULL: there is none, or there are several. */
const struct c_type *c_type_called(struct c_types *t, Dwarf *dwarf,
				   const char *name);

/* The type that `die` is. */
const struct c_type *c_type_at(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die);
const struct c_type *c_type_void(void);
const struct c_type *c_type_pointer(struct c_types *t, const struct c_type *to);

/* The member of that name of a struct or union, also of one without a name in
 * it; NULL: there is none. */
const struct c_member *c_member_named(const struct c_type *type,
				      const char *name);

/* The members of a struct or union that have a place, as they stand. */
const struct c_member *c_members(const struct c_type *type, size_t *count);

/* The bytes that it has something in; 0: not known. */
uint64_t c_member_size(const struct c_member *m);

/* Whether it has members that c_members() leaves out, or whose size is not
 * known. */
bool c_has_hidden(const struct c_type *type);

/* Whether `type` is called so, or its first member or base is. */
bool c_begins_with_named(const struct c_type *type, const char *name);

/* Whether what follows it belongs to it: its last member is an array
 * without a length, or of one element. */
bool c_is_open(const struct c_type *type);

/* Whether they are one type; of two tables, for two modules, by their names and
 * sizes, and without a name of their own by their members. */
bool c_is_same(const struct c_type *a, const struct c_type *b);

/* Equal for types that are the same, by c_is_same(), but not only for these. */
uint64_t c_type_key(const struct c_type *type);

/* Whether `first` is it, or its first member, or the first of that; or a union
 * of one of these with others. */
bool c_begins_with(const struct c_type *type, const struct c_type *first);

/* What each address of such a value is a multiple of, as far as the places of its
 * members show; 1: it is not known. */
uint64_t c_alignment(const struct c_type *type);

/* Whether it tells what a block is: not `void`, bytes or functions. */
bool c_is_telling(const struct c_type *type);

/*
 * The type of the pointer at byte `offset` of `type`, through structs and
 * arrays; NULL: there is none, or a union has several.
 */
const struct c_type *c_pointer_at(const struct c_type *type, uint64_t offset);

/* "struct session", "char *", "int[]"; the caller frees it. */
char *c_type_text(const struct c_type *type);
/* The same of `count` of them, or of 0 for some: "int[8]", "int[][3]". */
char *c_type_array_text(const struct c_type *type, uint64_t count);

#endif
