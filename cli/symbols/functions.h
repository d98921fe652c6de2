/* SPDX-License-Identifier: MIT */
/* Functions by the names that people give them. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "symbols.h"

/*
 * Whether the location is in the function `wanted`: by its symbol or by its
 * name, with or without parameters, arguments of a template and version; if it has none, by "MODULE+0xOFFSET".
 * `alias`: or by a name that a library gives it inside, as __GI___strdup for
 * strdup.
 */
bool functions_is(const struct location *l, const char *wanted, bool alias);

/* Why `wanted` is in no call stack, for people: a sentence with similar names,
 * and what the recording lacks. The caller frees it. */
char *functions_why_not(const struct model *m, struct symbols *s,
			const char *wanted);

#endif
