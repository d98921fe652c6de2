/* SPDX-License-Identifier: MIT */
/* What is known of one object, for people and for programs. */
#ifndef OBJECT_CARD_H
#define OBJECT_CARD_H

#include <jansson.h>

#include "block_view.h"
#include "report_print.h"

/* Prints the card. `all`: folds nothing and leaves nothing out. */
void object_text(const struct printer *p, const struct block_view *o, bool all);

/* Parts of it. Announces what the path names. */
void object_announce(const struct printer *p, const struct block_view *o);
/* The shortest path from a root; `o` must be reached, and announced. */
void object_path(const struct printer *p, const struct block_view *o,
		 const char *indent);
/* Who holds the object and what it holds, as the program declared it. */
void object_declared(const struct printer *p, const struct block_view *o);

/* A whole document of the schema refknot-report/1. */
json_t *object_json(const struct reading *in, const struct block_view *p);

extern const char *const object_edge_names[]; /* by enum rkn_reference_kind */

#endif
