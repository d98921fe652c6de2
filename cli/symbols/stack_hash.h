/* SPDX-License-Identifier: MIT */
/*
 * Which call stacks are one to a reader. A compiler that unrolls a loop or
 * copies a function makes several return addresses of one call, so stacks are
 * alike if they agree in functions, files, lines and columns; in addresses only
 * where lines are not known. How deep a recursion went makes no difference.
 */
#ifndef STACK_HASH_H
#define STACK_HASH_H

#include "symbols.h"

/* A number that stacks have in common if and, but for chance, only if they are
 * alike; the same on every machine. */
uint64_t stack_hash(const struct model *m, struct symbols *s, uint32_t stack);

/* The same without columns: a reader of lines sees no difference. */
uint64_t stack_hash_lines(const struct model *m, struct symbols *s,
			  uint32_t stack);

#endif
