/* SPDX-License-Identifier: MIT */
#include "callers_json.h"

#include <stdlib.h>

#include "document.h"
#include "json_text.h"
#include "stack_json.h"

static json_t *holder_json(const struct model *m, struct names *n,
			   const struct callers_row *r)
{
	json_t *text;
	char *name;

	if (r->reference == RKN_NONE || !m->references[r->reference].from)
		return json_null();
	name = names_of(n, m->references[r->reference].from);
	text = json_text(name);
	free(name);
	return text;
}

static json_t *row_json(const struct model *m, struct symbols *s,
			struct names *n, const struct callers_row *r)
{
	json_t *o = json_object();

	document_set(o, "net",
		     json_integer((json_int_t)r->taken - (json_int_t)r->given));
	document_set(o, "taken", json_count(r->taken));
	document_set(o, "given_back", json_count(r->given));
	document_set(o, "certain", json_count(r->certain));
	document_set(o, "maker", json_boolean(r->maker && r->taken));
	document_set(o, "named", json_boolean(r->reference != RKN_NONE));
	document_set(o, "holder", holder_json(m, n, r));
	document_set(o, "holder_ended", json_boolean(r->ended));
	document_set(o, "caller",
		     r->place ? stack_json_place(r->place) : json_null());
	document_set(o, "within",
		     r->within ? stack_json_place(r->within) : json_null());
	document_set(o, "stack", stack_json(m, s, r->stack));
	return o;
}

json_t *callers_json(const struct model *m, struct symbols *s, struct names *n,
		     const uint32_t *objects, size_t count)
{
	json_t *o, *rows;
	struct callers c;

	if (!count)
		return json_null();
	o = json_object();
	rows = json_array();
	callers_make(&c, m, s, objects, count);
	for (size_t i = 0; i < c.count; i++)
		document_append(rows, row_json(m, s, n, &c.rows[i]));
	document_set(o, "objects", json_count(count));
	document_set(o, "left", json_count(c.left));
	document_set(o, "certain", json_count(c.certain));
	document_set(o, "all_named", json_boolean(c.all_named));
	document_set(o, "calls_lost", json_boolean(c.lost));
	document_set(o, "callers", rows);
	callers_release(&c);
	return o;
}
