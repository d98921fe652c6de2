/* SPDX-License-Identifier: MIT */
/* Texts and stacks against patterns, as the tools do whose files we read. */
#ifndef SUPPRESS_MATCH_H
#define SUPPRESS_MATCH_H

#include "suppress.h"
#include "symbols.h"

/*
 * LeakSanitizer's patterns: anywhere in the text, `*` is any text, `^` in front
 * the start, `$` the end. Each stretch between two `*` is looked for once, from
 * the left: "foo$" is not in "foofoo". No text and the empty one match nothing.
 */
bool suppress_template(const char *pattern, const char *text);

/*
 * Valgrind's patterns: the whole text, `*` any bytes, `?` one byte, all else
 * itself. `length` bytes of `pattern`. Time: their product at most.
 */
bool suppress_glob(const char *pattern, size_t length, const char *text);

/* One line of a block against one frame; never a LINE_ANY. */
bool suppress_line_fits(const struct suppress_line *line,
			const struct location *l);

/*
 * Whether the lines of block `b` match `stack`, innermost frame first, or its
 * innermost part. Valgrind's stacks begin with the allocation function, which
 * ours leave out, so the lines may begin with one of these.
 */
bool suppress_block_fits(const struct suppression *b,
			 const struct location *const *stack, size_t count);

#endif
