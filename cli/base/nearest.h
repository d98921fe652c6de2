/* SPDX-License-Identifier: MIT */
/* "did you mean": which of the words that there are was meant by a mistyped
 * one. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

struct nearest {
	const char *typed;
	const char *word; /* the best so far; NULL: none is near */
	size_t distance;  /* its own */
};

/* `typed` must outlive `n`. */
void nearest_begin(struct nearest *n, const char *typed);

/*
 * Considers `word`, which must outlive `n`: it is near if it begins with what
 * was typed, or if a third of the letters or fewer differ.  Of words that are
 * equally near the first stays.  The distance is the number of letters to insert,
 * delete, replace or swap with a neighbour (Damerau 1964, each letter edited at
 * most once).
 */
void nearest_try(struct nearest *n, const char *word);

#endif
