/* SPDX-License-Identifier: MIT */
/* Colour, for terminals that want it. */
#ifndef PAINT_H
#define PAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum paint {
	PAINT_PLAIN,
	PAINT_BAD,   /* what is lost */
	PAINT_DOUBT, /* what may be so */
	PAINT_GOOD,
	PAINT_STRONG,
	PAINT_FAINT, /* background */
};

/* Whether `out` is a terminal that does colour, and NO_COLOR is not set. */
bool paint_wanted(FILE *out);

/* Columns of the terminal that `out` is, 40 at least; 0: it is none, or that is not
 * known. */
size_t paint_width(FILE *out);

/* Decides both now: `out` may be something else when they are asked. */
void paint_decide(FILE *out);

/* The escape that switches to `p`; "" unless `colour`. */
const char *paint(bool colour, enum paint p);

#endif
