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

struct stack_classes {
	const struct model *m;
	struct symbols *s;
	uint32_t *of; /* per stack: 1 + stack_class(); 0: not asked yet */
	struct stack_class *table;
};

/* Both must outlive it. Dies when out of memory. */
void stack_classes_open(struct stack_classes *c, const struct model *m,
			struct symbols *s);
void stack_classes_close(struct stack_classes *c);
/* The first stack that was asked for and is like `stack`, as far as a hash
 * of 64 bits shows. */
uint32_t stack_class(struct stack_classes *c, uint32_t stack);

/* A number that stacks which are alike but for columns have in common, the same
 * on every machine: to a reader of lines they do not differ. */
uint64_t stack_hash_lines(const struct model *m, struct symbols *s,
			  uint32_t stack);

#endif
