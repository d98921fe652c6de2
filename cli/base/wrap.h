/* SPDX-License-Identifier: MIT */
/* Lines that are no wider than a terminal. */
#ifndef WRAP_H
#define WRAP_H

#include <stddef.h>
#include <stdio.h>

/* Columns of one line: each character of UTF-8 takes one, and colours none. */
size_t wrap_columns(const char *text, size_t bytes);

/*
 * Prints lines of text. What is wider than `width` columns continues on the next
 * line behind `indent` spaces, from the last space that fits on. Of two spaces
 * together neither is a place to break, which keeps a function beside its line. A
 * word that is wider stays whole, and so does what follows "refknot ", which can be
 * typed. Width 0: the text is printed as it is. `out` NULL: nothing is printed.
 * Returns how many lines that is.
 */
size_t wrap_print(FILE *out, const char *text, size_t width, size_t indent);

/* Prints one line, which ends with a line feed, likewise; it continues behind a
 * semicolon where it can. Dies when out of memory. */
void wrap_clauses(FILE *out, const char *text, size_t width, size_t indent);

#endif
