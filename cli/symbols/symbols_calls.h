/* SPDX-License-Identifier: MIT */
/* What the calls on a stack call, by the machine code before the return address:
 * x86-64 only.  Texts live as long as the symbols. */
#ifndef SYMBOLS_CALLS_H
#define SYMBOLS_CALLS_H

#include "symbols.h"

/* The function that the call which returns to `frame` calls, if the dynamic
 * loader found it by a name: "strdup". NULL: it did not, or it is not known. */
const char *symbols_calls_name(struct symbols *s, uint32_t frame);

/*
 * The allocation function that such a call leads to, "calloc", directly or by
 * the jump at a wrapper's end. NULL: none, several, or it is not known, as of a
 * call by a pointer.
 */
const char *symbols_calls_allocator(struct symbols *s, uint32_t frame);

#endif
