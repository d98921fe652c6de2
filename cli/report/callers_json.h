/* SPDX-License-Identifier: MIT */
/* The balance by caller as JSON. */
#ifndef CALLERS_JSON_H
#define CALLERS_JSON_H

#include <jansson.h>

#include "callers.h"
#include "names.h"

/* null: no objects. */
json_t *callers_json(const struct model *m, struct symbols *s, struct names *n,
		     const uint32_t *objects, size_t count);

#endif
