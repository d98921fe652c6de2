/* SPDX-License-Identifier: MIT */
/* One object as a document, for programs. */
#ifndef OBJECT_JSON_H
#define OBJECT_JSON_H

#include <jansson.h>

#include "block_view.h"

json_t *object_json(const struct model *m, struct symbols *s, struct names *n,
		    const struct block_view *p);

#endif
