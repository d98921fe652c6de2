/* SPDX-License-Identifier: MIT */
#include "patterns.h"

#include <stddef.h>

#include "called.h"

/* --- One pattern ---------------------------------------------------------- */

/* The ']' of the set whose '[' is before `at`; NULL if there is none, or if the
 * set has more than characters and ranges. */
static const char *end_of_set(const char *at, const char *end)
{
	if (at < end && (*at == '!' || *at == '^'))
		at++;
	for (const char *first = at; at < end; at++) {
		if (*at == ']' && at > first)
			return at;
		if (*at == '\\' || *at == '[')
			return NULL;
	}
	return NULL;
}

bool patterns_are_plain(const char *pattern, const char *end)
{
	for (; pattern < end; pattern++) {
		if (*pattern == '\\')
			pattern++;
		else if (*pattern == '[')
			pattern = end_of_set(pattern + 1, end);
		if (!pattern)
			return false;
	}
	return pattern == end;
}

/* Whether `c` matches the pattern's next item; *next is the item after it. */
static bool fits(const char *pattern, const char *end, char c,
		 const char **next)
{
	const char *close, *at;
	bool inverted, found = false;

	*next = pattern + 1;
	switch (*pattern) {
	case '?':
		return true;
	case '[':
		close = end_of_set(pattern + 1, end);
		*next = close + 1;
		inverted = pattern[1] == '!' || pattern[1] == '^';
		for (at = pattern + 1 + inverted; at < close; at++) {
			unsigned char from = (unsigned char)*at, to = from;

			if (close - at > 2 && at[1] == '-') {
				at += 2;
				to = (unsigned char)*at;
			}
			found |=
			    from <= (unsigned char)c && (unsigned char)c <= to;
		}
		return found != inverted;
	case '\\':
		*next = pattern + 2;
		return pattern[1] == c;
	default:
		return *pattern == c;
	}
}

bool patterns_match(const char *pattern, const char *end, const char *text)
{
	const char *star = NULL, *from = NULL, *next;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (pattern < end && fits(pattern, end, *text, &next)) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* --- Lists ---------------------------------------------------------------- */

/* Whether a pattern of the list matches the program. `unknown` is the answer
 * for a pattern that is not plain. */
static bool is_of_any(const char *list, const char *path, const char *name,
		      const char *script, bool unknown)
{
	for (const char *end;; list = end + 1) {
		bool slash = false, is;

		for (end = list; *end && *end != ','; end++) {
			slash |= *end == '/';
			if (*end == '\\' && end[1])
				slash |= *++end == '/';
		}
		if (!patterns_are_plain(list, end))
			is = unknown;
		else if (slash)
			is = patterns_match(list, end, path);
		else
			is = patterns_match(list, end, called_base(path)) ||
			     patterns_match(list, end, name) ||
			     (script && patterns_match(list, end, script));
		if (is)
			return true;
		if (!*end)
			return false;
	}
}

bool patterns_leave_out(const char *only, const char *skip, const char *path,
			const char *name, const char *script)
{
	return (only && !is_of_any(only, path, name, script, true)) ||
	       (skip && is_of_any(skip, path, name, script, false));
}
