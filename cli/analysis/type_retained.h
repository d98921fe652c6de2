/* SPDX-License-Identifier: MIT */
/*
 * What the blocks of one C type keep, and each of its fields.  Both are exact: a
 * field's pointers in all blocks are one label of retained.h.  What a field keeps
 * of the same type, as the next of a list, counts for it, too.
 */
#ifndef TYPE_RETAINED_H
#define TYPE_RETAINED_H

#include "type_view.h"

/* Sets the retained sizes of `v`, whose targets were counted. Dies when out of
 * memory. */
void type_retained(struct type_view *v, const struct reading *in);

#endif
