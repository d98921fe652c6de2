/* SPDX-License-Identifier: MIT */
/*
 * The variables and parameters of one function, those of functions inlined
 * into it and of all its blocks too, and where their values are.  Addresses
 * are ELF addresses, registers DWARF's numbers.  All die when out of memory.
 */
#ifndef VARIABLES_H
#define VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "c_types.h"
#include "symbols_module.h"

enum place_kind {
	PLACE_REGISTER, /* the value is in `reg` */
	PLACE_NEAR,     /* in memory at `reg` + `offset` */
	PLACE_FRAME,    /* in memory at the CFA + `offset` */
};

struct place_range {
	uint64_t low, high; /* code for which it holds: [low, high) */
	enum place_kind kind;
	unsigned reg;
	int64_t offset;
};

struct variable {
	const char *name; /* NULL: it has none */
	const struct c_type *type;
	unsigned depth;      /* of its block in the function, from 0 */
	const void *owner;   /* where the DIE of its function lies, which may be
			      inlined */
	const char *inlined; /* the name of that function, if it is; NULL */
	bool parameter;
	bool listed; /* its places are where it has a value; else they are all
			of its block */
	struct place_range *places;
	size_t count;
	size_t scope, scope_count; /* its block's code, in struct variables;
				      a place may be known beyond that */
};

struct code_range {
	uint64_t low, high; /* [low, high) */
};

struct variables {
	struct variable *list;
	size_t count;
	struct code_range *scopes;
	size_t scope_count;
};

/* Those of `function`, a DIE with code of its own; to be released. */
struct variables variables_of(struct c_types *t, Dwarf *dwarf,
			      Dwarf_Die *function, Dwarf_Addr bias);
void variables_release(struct variables *v);

/* The range of `v` that `pc` is in; NULL: its value is nowhere then. */
const struct place_range *variable_place(const struct variable *v, uint64_t pc);

/* Whether `pc` is in the block of `v`, which is one of `all`. */
bool variable_is_seen(const struct variables *all, const struct variable *v,
		      uint64_t pc);

/* A variable outside all functions, or static, or thread-local. */
struct global {
	uint64_t address; /* of thread-local ones in the module's block */
	bool thread_local_;
	const char *name;
	const char *function; /* that it is static in; NULL */
	const char *file;     /* of its unit */
	bool exported;        /* it is not static */
	const struct c_type *type;
};

struct globals { /* all zero: not read */
	bool read;
	struct global *list; /* thread-local ones last, ascending address */
	size_t count;
};

/* The variable that `address` is in; NULL: none is known. */
const struct global *globals_at(struct globals *g, struct c_types *t,
				struct symbols_module *m, uint64_t address,
				bool thread_local_);
void globals_release(struct globals *g);

#endif
