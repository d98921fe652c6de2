/* SPDX-License-Identifier: MIT */
/*
 * Patterns of programs: the CLI judges by them, and the shim stays out of the
 * way of what they leave out.  They are fnmatch()'s without flags in the C
 * locale: '*' matches slashes, too.  What few write in one, as [[:alpha:]], is
 * left to fnmatch() itself.  May run inside malloc.
 */
#ifndef PATTERNS_H
#define PATTERNS_H

#include <stdbool.h>

/* Is [pattern, end) one that patterns_match() knows? */
bool patterns_are_plain(const char *pattern, const char *end);

/* Does [pattern, end), which is plain, match the whole of `text`? */
bool patterns_match(const char *pattern, const char *end, const char *text);

/*
 * What the shim is told by environment: lists as "a*,/b\,c": a comma that is a
 * pattern's own has a backslash, which means the same in a pattern. One with a
 * slash is of a program's path, any other of its base name or of `name`, that it
 * was started by. Is it certain that the program is not to be judged: it is none
 * of `only`, or one of `skip`? Either may be NULL: there is none.
 */
bool patterns_leave_out(const char *only, const char *skip, const char *path,
			const char *name);

#endif
