/* SPDX-License-Identifier: MIT */
/*
 * The path of a call stack from its innermost call outward, without loops: of a
 * function that is on the stack several times, directly or through others, the
 * innermost call counts, and what lies between the calls does not.  How often a
 * function calls itself is not a property of a place in the code.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>

#include "symbols.h"

struct route {                        /* all 0: empty */
	const struct location **list; /* innermost first */
	size_t count;
};

/* Adds one more location, outward; it must live as long as the route. */
void route_add(struct route *r, const struct location *l);
void route_release(struct route *r);

#endif
