/* SPDX-License-Identifier: MIT */
/*
 * Tables for call stacks, tried on a module's own functions: a file may have
 * tables that are not of its code.
 */
#ifndef UNWIND_TABLES_H
#define UNWIND_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols_module.h"

struct unwind_tables {
	uint64_t tried;   /* functions; of a file without names, addresses */
	uint64_t covered; /* of them */
	bool named;       /* functions were tried */
};

/* Finds the rules of up to some thousand functions of the module, which is
 * open. All 0 if it has no code. */
void unwind_tables_try(struct unwind_tables *u, const struct symbols_module *m);

/* Whether the stack is followed through all of the code, but for odd ends, or
 * at least through some. */
bool unwind_tables_are_whole(const struct unwind_tables *u);
bool unwind_tables_are_some(const struct unwind_tables *u);

#endif
