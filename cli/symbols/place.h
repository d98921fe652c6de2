/* SPDX-License-Identifier: MIT */
/* Where something was allocated: the stack's interesting function, in words. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>

#include "symbols.h"

/* Whether the function allocates for its caller (wrappers.def). */
bool place_is_wrapper(const char *function);

/* Whether the location is in such a function, or in the standard library of C++
 * or Rust. */
bool place_allocates(const struct location *l);
/* Whether it is in the C library or the loader. */
bool place_is_of_libc(const struct location *l);
/* Whether it is in what starts a program, a thread or a library, which is never
 * a place. */
bool place_is_start(const struct location *l);

/*
 * The innermost location of `stack` outside of what allocates for others: the
 * wrappers, the libraries of C++ and Rust, and the C library where it is the
 * innermost. If there is none, the outermost of the libraries, or as
 * place_find_named(); NULL for an empty stack.
 */
const struct location *place_find(const struct model *m, struct symbols *s,
				  uint32_t stack);

/* The same, but none that is further in than `from`, one of the stack's. */
const struct location *place_find_beyond(const struct model *m,
					 struct symbols *s, uint32_t stack,
					 const struct location *from);

/* The innermost location that is not a wrapper by its name, or the innermost of
 * all if every one is; NULL for an empty stack. */
const struct location *place_find_named(const struct model *m,
					struct symbols *s, uint32_t stack);

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
/* The same of the locations that called `from` in `stack`, outwards up to what
 * starts a program or thread, `most` at most: each followed by a line feed. */
char *place_callers(const struct model *m, struct symbols *s, uint32_t stack,
		    const struct location *from, unsigned most);
/* "parse_header at parse.c:40:12 (libfoo.so)". */
char *place_text_column(const struct location *l);

/* "inlined", "tail call", both or "": what is printed behind a location's
 * module; constant. */
const char *place_mark(bool inlined, bool tail_call);

#endif
