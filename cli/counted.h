/* SPDX-License-Identifier: MIT */
/*
 * The frames of a call stack that count where findings are known again: not
 * those of the C library, whose names are another one's in the next version,
 * unless there are no others; and a function that calls itself once, as its
 * innermost call.
 */
#ifndef COUNTED_H
#define COUNTED_H

#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "symbols.h"

/* Visit them, innermost first; how many. */
size_t counted_each(const struct model *m, struct symbols *s, uint32_t stack,
		    void (*visit)(const struct location *l, void *data),
		    void *data);

/* Of their functions, without what compilers append to names of copies; never
 * 0, unless the stack is empty. */
uint64_t counted_hash(const struct model *m, struct symbols *s, uint32_t stack);

#endif
