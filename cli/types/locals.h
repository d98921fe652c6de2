/* SPDX-License-Identifier: MIT */
/*
 * What is known of a function's frame at one place in its code: the variables
 * and parameters that have a value there, and where registers of its caller are
 * kept.  Addresses are ELF addresses, registers DWARF's numbers.  All die when
 * out of memory.
 */
#ifndef LOCALS_H
#define LOCALS_H

#include <stdlib.h>

#include "hash.h"
#include "variables.h"

struct flow_module;

struct local {
	const char *name;
	const char *function; /* that is inlined there, whose it is; NULL: the
				 frame's own */
	const struct c_type *type;
	enum place_kind kind;
	unsigned reg;
	int64_t offset;
	/* It has a value by then: it is a parameter, debug information says so,
	 * or code before that place uses it; else it may hold what an earlier
	 * call left there. */
	bool set;
};

struct locals_saved { /* a register of the caller's */
	unsigned reg;
	int64_t offset; /* where it is, from the CFA */
};

#define LOCALS_SAVED 16

struct locals {
	uint64_t address;   /* of the code */
	bool known;         /* false: there was no file */
	struct local *list; /* of outer blocks first */
	size_t count;
	struct locals_saved saved[LOCALS_SAVED];
	size_t saved_count;
	UT_hash_handle hh;
};

/* Forgets all of a module's. */
static inline void locals_release(struct locals **table)
{
	struct locals *l, *next;

	HASH_ITER (hh, *table, l, next) {
		HASH_DEL(*table, l);
		free(l->list);
		free(l);
	}
}

/* At the instruction that `address` is in. Lives as long as `f`. */
const struct locals *locals_at(struct flow_module *f, uint64_t address);

#endif
