/* SPDX-License-Identifier: MIT */
#include "stack_json.h"

#include <stdlib.h>

#include "document.h"
#include "json_text.h"
#include "place.h"
#include "walk.h"

json_t *stack_json_place(const struct location *l)
{
	json_t *o = json_object();
	char *path = place_path(l);

	document_set(o, "function", json_text(l->function));
	document_set(o, "file", json_text(path));
	document_set(o, "line", l->line ? json_integer(l->line) : json_null());
	document_set(o, "column",
		     l->column ? json_integer(l->column) : json_null());
	document_set(o, "module", json_text(l->module));
	document_set(o, "offset", json_address(l->offset));
	document_set(o, "inlined", json_boolean(l->inlined));
	document_set(o, "tail_call", json_boolean(l->tail_call));
	free(path);
	return o;
}

json_t *stack_json(const struct model *m, struct symbols *s, uint32_t number)
{
	json_t *array = json_array();
	const struct location *l;
	struct walk w;

	walk_begin(&w, m, s, number);
	while ((l = walk_next(&w)))
		document_append(array, stack_json_place(l));
	return array;
}
