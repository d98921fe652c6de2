/* SPDX-License-Identifier: MIT */
/* The lines of source files, read once each; callers only get hashes of them.
 */
#ifndef SOURCE_TEXT_H
#define SOURCE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_TEXT_MOST                                                       \
	(16u << 20) /* bytes of a file; larger ones are not
					read */

struct source_text; /* all files that were asked for; NULL is none */

/*
 * A number for line `line` (from 1) of the file `path`: of what is on it
 * without white space and comments, and of how many lines from line `from` on
 * (0: not known) say the same before it. False: it cannot be read, or is empty.
 */
bool source_text_hash(struct source_text **all, const char *path, unsigned from,
		      unsigned line, uint16_t *hash);

/*
 * Whether the function that begins at line `from` still has a line whose number
 * would be `hash`: its end is the first line that begins with "}", or far
 * below. False also when the file cannot be read; then `*known` is false.
 */
bool source_text_has(struct source_text **all, const char *path, unsigned from,
		     uint16_t hash, bool *known);
/* Whether lines `first` to `last` are of one statement: none before the last
 * has what ends one. False also when that cannot be seen. */
bool source_text_is_statement(struct source_text **all, const char *path,
			      unsigned first, unsigned last);
/* Whether nothing can be called on the line: it only has "{", or it tests what
 * it names, without calls and macros. */
bool source_text_is_quiet(struct source_text **all, const char *path,
			  unsigned line);

void source_text_release(struct source_text **all);

#endif
