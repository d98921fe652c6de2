/* SPDX-License-Identifier: MIT */
/* What was checked, so that a report without findings means something. */
#ifndef CHECKED_H
#define CHECKED_H

#include <jansson.h>
#include <stdio.h>

#include "findings.h"
#include "reading.h"
#include "verdict.h"

/*
 * Prints "checked: 10 blocks, 139 KiB of roots, 1 thread, no children; nothing left
 * out", and below it what was not seen (verdict_print_gaps()). Without a check there
 * are only the latter lines. `children`: how many of the process were recorded; NULL:
 * that is not known, and not said. Dies when out of memory.
 */
void checked_print(FILE *out, const struct reading *in,
		   const struct findings *f, const struct verdict *v,
		   const size_t *children);

/* The first line's numbers as an object; null: no check was made. A new
 * reference; dies when out of memory. */
json_t *checked_json(const struct reading *in, const struct findings *f,
		     const struct verdict *v);

#endif
