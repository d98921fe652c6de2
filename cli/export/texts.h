/* SPDX-License-Identifier: MIT */
/* Texts that a format writes once and then means by a number. */
#ifndef TEXTS_H
#define TEXTS_H

#include <stdint.h>

struct known_text;

/* All 0 at first. */
struct texts {
	struct known_text *table;
	const char **list; /* by number */
	uint32_t count;
};

/* The number of a text, equal for equal ones: they count from 0, in the order of
 * the first calls. Keeps a copy. Dies when out of memory. */
uint32_t texts_number(struct texts *t, const char *text);
void texts_release(struct texts *t);

#endif
