/* SPDX-License-Identifier: MIT */
#ifndef ESCAPE_H
#define ESCAPE_H

/*
 * A copy of `text` that is fit for a terminal: control characters, those that
 * turn the direction of writing, and bytes that are not valid UTF-8 become \n,
 * \t or \x1b; all else stays. The caller frees it. Dies when out of memory.
 */
char *escape(const char *text);

#endif
