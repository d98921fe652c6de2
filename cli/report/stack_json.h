/* SPDX-License-Identifier: MIT */
/* Call stacks and places in source text as JSON. */
#ifndef STACK_JSON_H
#define STACK_JSON_H

#include <jansson.h>

#include "model.h"
#include "symbols.h"

/* An array of frames, the innermost first. */
json_t *stack_json(const struct model *m, struct symbols *s, uint32_t number);

/* One such frame. */
json_t *stack_json_place(const struct location *l);

#endif
