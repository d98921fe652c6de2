/* SPDX-License-Identifier: MIT */
#ifndef ESCAPE_H
#define ESCAPE_H

/*
 * A copy of `text` fit for a terminal: control characters, those that turn the
 * direction of writing, and bytes that are no valid UTF-8 stand as \n, \t or
 * \x1b, all else as it is. The caller frees it; out of memory dies.
 */
char *escape(const char *text);

#endif
