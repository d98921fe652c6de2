/* SPDX-License-Identifier: MIT */
/*
 * Patterns of programs: the CLI judges by them, and the shim does not record
 * what they leave out.  They are those of fnmatch() without flags in the C
 * locale: '*' matches slashes, too.  Only fnmatch() itself matches what is rare
 * in them, such as [[:alpha:]].  All of it may run inside malloc.
 */
#ifndef PATTERNS_H
#define PATTERNS_H

#include <stdbool.h>

/* Whether patterns_match() can match [pattern, end). */
bool patterns_are_plain(const char *pattern, const char *end);

/* Whether [pattern, end), which is plain, matches the whole of `text`. */
bool patterns_match(const char *pattern, const char *end, const char *text);

/*
 * Whether it is certain that a program is not judged: it matches none of
 * `only`, or one of `skip`; NULL means that there is no such list. A list is as
 * the environment has it, "a*,/b\,c": a backslash before a comma makes it part
 * of the pattern, where it means the same. A pattern with a slash is matched
 * against `path`, any other against the base name of that, against `name`,
 * by which the program was started, and against the name of the `script` that it
 * runs (called.h; NULL: none).
 */
bool patterns_leave_out(const char *only, const char *skip, const char *path,
			const char *name, const char *script);

#endif
