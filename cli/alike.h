/* SPDX-License-Identifier: MIT */
/*
 * Which call stacks are one to a reader. A compiler that unrolls a loop or
 * copies a function makes several return addresses of one call, so stacks are
 * alike if they agree in functions, files and lines; in addresses only where
 * lines are not known.
 */
#ifndef ALIKE_H
#define ALIKE_H

#include "symbols.h"

/* A number that stacks have in common if and, but for chance, only if they are
 * alike; the same on every machine. */
uint64_t alike_stack(const struct model *m, struct symbols *s, uint32_t stack);

#endif
