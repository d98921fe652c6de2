/* SPDX-License-Identifier: MIT */
#include "outstanding_json.h"

#include <stdlib.h>

#include "document.h"
#include "json_text.h"
#include "stack_json.h"

static json_t *holder_names(struct names *n, const struct outstanding_row *row)
{
	json_t *array = json_array();

	for (size_t i = 0; i < row->holders && i < OUTSTANDING_HOLDERS; i++) {
		char *name = names_of(n, row->holder[i]);

		document_append(array, json_text(name));
		free(name);
	}
	return array;
}

json_t *outstanding_json(const struct model *m, struct symbols *s,
			 struct names *n, const uint32_t *objects, size_t count)
{
	json_t *array = json_array();
	struct outstanding list;

	outstanding_make(&list, m, s, objects, count);
	for (size_t i = 0; i < list.count; i++) {
		const struct outstanding_row *row = &list.rows[i];
		json_t *o = json_object();

		document_set(o, "count", json_count(row->count));
		document_set(o, "total", json_count(list.total));
		document_set(o, "how",
			     json_text(row->maker ? "made" : "taken"));
		document_set(o, "holder_type",
			     row->holder_type ? json_text(names_type_called(
						    n, row->holder_type))
					      : json_null());
		document_set(o, "holders", json_count(row->holders));
		document_set(o, "holder_names", holder_names(n, row));
		document_set(o, "holder_ended", json_boolean(row->ended));
		document_set(o, "field",
			     row->field ? json_text(model_name(m, row->field))
					: json_null());
		document_set(o, "stack", stack_json(m, s, row->stack));
		document_append(array, o);
	}
	outstanding_release(&list);
	return array;
}
