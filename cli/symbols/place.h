/* SPDX-License-Identifier: MIT */
/* Where something was allocated: the stack's interesting function, in words. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>

#include "symbols.h"

/* Whether the function allocates for its caller (wrappers.def). */
bool place_is_wrapper(const char *function);

/*
 * The innermost location of `stack` that is not an allocation wrapper, or the
 * innermost of all if every one is; NULL for an empty stack.
 */
const struct location *place_find(const struct model *m, struct symbols *s,
				  uint32_t stack);

/* "/src/lib/parse.c", or as much as is known; NULL: nothing is. As it is, not
 * escaped; the caller frees it. */
char *place_path(const struct location *l);

/* The texts below have control characters escaped; the caller frees them. */

/* "parse_header", "libfoo.so+0x1234", or "unknown code" (also for NULL). */
char *place_function(const struct location *l);
/* "parse.c:40", "parse.c", or NULL when not known: no directories. */
char *place_source(const struct location *l);
/* "libfoo.so", or NULL when in no module. */
char *place_module(const struct location *l);
/* "parse_header at parse.c:40 (libfoo.so)", as far as known. */
char *place_text(const struct location *l);
/* "parse_header at parse.c:40:12 (libfoo.so)". */
char *place_text_column(const struct location *l);

/* "inlined", "tail call", both or "": what is printed behind a location's
 * module; constant. */
const char *place_mark(bool inlined, bool tail_call);

#endif
