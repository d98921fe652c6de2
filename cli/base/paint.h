/* SPDX-License-Identifier: MIT */
/* Colour, for terminals that want it. */
#ifndef PAINT_H
#define PAINT_H

#include <stdbool.h>
#include <stdio.h>

enum paint { PAINT_PLAIN, PAINT_BAD, PAINT_GOOD, PAINT_STRONG, PAINT_FAINT };

/* Whether `out` is a terminal that does colour, and NO_COLOR is not set. */
bool paint_wanted(FILE *out);

/* Decides it now: `out` may be something else when paint_wanted() is asked. */
void paint_decide(FILE *out);

/* The escape that switches to `p`; "" unless `colour`. */
const char *paint(bool colour, enum paint p);

#endif
