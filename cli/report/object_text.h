/* SPDX-License-Identifier: MIT */
/* The card of one object, for people. */
#ifndef OBJECT_TEXT_H
#define OBJECT_TEXT_H

#include "block_view.h"
#include "report_print.h"

/* Prints the card. `all`: folds nothing and leaves nothing out. */
void object_text(const struct printer *p, const struct block_view *o, bool all);

#endif
