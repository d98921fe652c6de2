/* SPDX-License-Identifier: MIT */
/* Outstanding references as JSON. */
#ifndef OUTSTANDING_JSON_H
#define OUTSTANDING_JSON_H

#include <jansson.h>

#include "names.h"
#include "outstanding.h"

/* An array of rows, most first. */
json_t *outstanding_json(const struct model *m, struct symbols *s,
			 struct names *n, const uint32_t *objects,
			 size_t count);

#endif
