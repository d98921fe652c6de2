/* SPDX-License-Identifier: MIT */
/*
 * The call that made a block, as its place (place.h) made it: "calloc",
 * "strdup", "new[]".  Recordings do not say; the machine code does.
 */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include "symbols.h"

/*
 * What the place of `stack` called: the function of the C library that
 * allocates for it; "new" or "new[]"; else the allocation function that the
 * innermost frame calls. "malloc" where that is not known: a call by a pointer,
 * or of a function with several such calls. The caller frees it.
 */
char *allocator_name(const struct model *m, struct symbols *s, uint32_t stack);

#endif
