/* SPDX-License-Identifier: MIT */
/*
 * What a name or an expression in the source means where a call is: the types and
 * variables of the function around it and of its unit.  Where two may be meant,
 * nothing is said.  All die when out of memory.
 */
#ifndef SOURCE_TYPES_H
#define SOURCE_TYPES_H

#include "c_types.h"
#include "hash.h"

/* What the outermost scope of a unit declares, by name. */
struct source_name {
	char *name;    /* "struct entry", "cache" */
	Dwarf_Die die; /* a type or a variable */
	bool several;  /* they differ */
	UT_hash_handle hh;
};

struct source_unit {
	const void *key; /* of its DIE */
	struct source_name *names;
	UT_hash_handle hh;
};

struct source_scope {
	struct c_types *types;
	struct source_unit **units; /* hash table of the units that were read */
	Dwarf_Die *unit;            /* with all that is in it */
	Dwarf_Die *function;        /* it may be inlined there */
	/* Its name in C++, "ns::pool::get(int)", whose scopes names may be of;
	 * NULL: it is C. */
	const char *within;
};

/*
 * The type of `text`, tokens as source_call.h has them: of a type's name, or of
 * an expression of variables, members and elements; NULL: it is not known.
 */
const struct c_type *source_type(const struct source_scope *s,
				 const char *text);

void source_units_release(struct source_unit **units);

#endif
