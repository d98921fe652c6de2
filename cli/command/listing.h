/* SPDX-License-Identifier: MIT */
/* The recordings in files, a line for each: what `refknot list FILE` prints. */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>

/* Prints them; returns the exit status. One that cannot be read has a line, too, and
 * a sentence on stderr. */
int listing_print(const char **files, bool json);

#endif
