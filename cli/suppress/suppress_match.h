/* SPDX-License-Identifier: MIT */
/* Matches texts and stacks against patterns, as the tools do whose files
 * refknot reads. */
#ifndef SUPPRESS_MATCH_H
#define SUPPRESS_MATCH_H

#include "suppress.h"
#include "symbols.h"

/*
 * LeakSanitizer's patterns: anywhere in the text, `*` is any text, `^` in front
 * the start, `$` the end. Each stretch between two `*` is looked for once, from
 * the left: "foo$" is not in "foofoo". NULL and the empty pattern match
 * nothing.
 */
bool suppress_template(const char *pattern, const char *text);

/*
 * Valgrind's patterns: the whole text, `*` any bytes, `?` one byte, all else
 * itself. `length` bytes of `pattern`. Time: their product at most.
 */
bool suppress_glob(const char *pattern, size_t length, const char *text);

/*
 * LeakSanitizer's pattern against the function that allocated, which its stacks
 * begin with and ours leave out: `allocator` ("calloc"; NULL: not known, which
 * is malloc then) as it calls it, today or in older versions; or C++'s
 * operator, if that is the innermost frame `inner` (NULL: there is none).
 */
bool suppress_allocator_fits(const char *pattern, const char *allocator,
			     const struct location *inner);

/*
 * Whether the lines of block `b` match `stack`, innermost frame first, or its
 * innermost part. Valgrind's stacks begin with the allocation function, which
 * ours leave out, so the lines may begin with `allocator`, or one that is as
 * good; with any of them where it is NULL, not known. Nor has it functions that
 * a tail call removed: so they match without these, too.
 */
bool suppress_block_fits(const struct suppression *b, const char *allocator,
			 const struct location *const *stack, size_t count);

#endif
