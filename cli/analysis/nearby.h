/* SPDX-License-Identifier: MIT */
/* Names that a user may have meant by one that does not exist. */
#ifndef NEARBY_H
#define NEARBY_H

#include <stdbool.h>

#include "reading.h"

/*
 * "malloc in session_open#1 to #3, Session#17": of what has a name, the types
 * whose name `text` has a part of, or that is a part of it; where there is
 * none, those with most; five at most. `objects`: of the program's own objects
 * only. As it may be printed, for the caller to free; NULL: nothing has a name.
 */
char *nearby_names(const struct reading *in, const char *text, bool objects);

#endif
