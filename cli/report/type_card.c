/* SPDX-License-Identifier: MIT */
#include "type_card.h"

#include <inttypes.h>
#include <stdlib.h>

#include "document.h"
#include "paint.h"
#include "table.h"
#include "text_stream.h"
#include "units.h"
#include "xmalloc.h"

#define MOST_TARGETS 3 /* types that one field's pointers lead to */

/* "struct entry 12, char[] 3, no block 5". */
static char *targets_text(const struct type_view *v, const struct type_field *f)
{
	char *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);
	const char *comma = "";

	for (size_t i = 0; i < f->target_count && i < MOST_TARGETS; i++) {
		fprintf(out, "%s%s %" PRIu64, comma, f->targets[i].type,
			f->targets[i].count);
		comma = ", ";
	}
	if (f->target_count > MOST_TARGETS) {
		fprintf(out, "%s%zu more types", comma,
			f->target_count - MOST_TARGETS);
		comma = ", ";
	}
	if (f->pointers && f->size && f->leading < v->elements)
		fprintf(out, "%sno block %" PRIu64, comma,
			v->elements - f->leading);
	text_stream_close(out);
	return text;
}

static void print_fields(const struct printer *p, const struct type_view *v)
{
	static const struct table_column columns[] = {
		{ "OFFSET", true },  { "FIELD", false },    { "TYPE", false },
		{ "RETAINS", true }, { "LEADS TO", false },
	};
	struct table t;

	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < v->count; i++) {
		const struct type_field *f = &v->fields[i];
		char *offset = f->bits ? xasprintf("+0x%" PRIx64 " bit %u",
						   f->offset, f->bit)
				       : xasprintf("+0x%" PRIx64, f->offset);
		char *type = f->bits
				 ? xasprintf("%s:%" PRIu32, f->type, f->bits)
				 : xstrdup(f->type);
		char *targets = targets_text(v, f);
		char size[UNITS_SIZE];

		table_add(&t, offset);
		table_add(&t, f->name);
		table_add(&t, type);
		table_add(&t, f->target_count && !v->why
				  ? units_bytes(size, f->retained_bytes)
				  : "");
		table_add(&t, targets);
		free(offset);
		free(type);
		free(targets);
	}
	table_print(&t, p->out);
	table_release(&t);
	if (v->cut)
		fputs("... and more fields\n", p->out);
}

void type_text(const struct printer *p, const struct type_view *v)
{
	char text[UNITS_SIZE], size[UNITS_SIZE];
	const char *comma = ", ";

	fprintf(p->out, "%s%s%s  %s, %s\n", paint(p->colour, PAINT_STRONG),
		v->name, paint(p->colour, PAINT_PLAIN),
		units_count(text, v->blocks, "object"),
		units_bytes(size, v->bytes));
	if (v->elements != v->blocks)
		fprintf(p->out, "    %s in all\n",
			units_count(text, v->elements, "element"));
	if (v->size)
		fprintf(p->out, "    one is %s", units_bytes(size, v->size));
	if (v->size && v->padding) {
		fprintf(p->out, ", %s of it padding",
			units_bytes(size, v->padding));
		comma = " and ";
	}
	if (v->size && v->padding_bits)
		fprintf(p->out, "%s%s that no bit field has", comma,
			units_count(text, v->padding_bits, "bit"));
	if (v->size)
		fputs(v->partial ? ", not all fields are listed\n" : "\n",
		      p->out);
	if (v->others)
		fprintf(p->out, "    %s of another type of that name\n",
			units_count(text, v->others, "more object"));
	if (v->slack)
		fprintf(p->out,
			"    %s of their blocks follow the last element\n",
			units_bytes(size, v->slack));
	if (v->why)
		fprintf(p->out, "    what they retain is not known: %s\n",
			v->why);
	else
		fprintf(p->out, "    retain %s, %s: free if all of them were\n",
			units_count(text, v->retained_objects, "object"),
			units_bytes(size, v->retained_bytes));
	if (v->count) {
		fputc('\n', p->out);
		print_fields(p, v);
	}
}

static json_t *field_json(const struct type_view *v, const struct type_field *f)
{
	json_t *o = json_object(), *targets = json_array();

	for (size_t i = 0; i < f->target_count; i++) {
		json_t *target = json_object();

		document_text(target, "type", f->targets[i].type);
		document_count(target, "count", f->targets[i].count);
		document_append(targets, target);
	}
	document_text(o, "field", f->name);
	document_text(o, "type", f->type);
	document_count(o, "offset", f->offset);
	document_count(o, "bytes", f->size);
	document_known(o, "bit", f->bits, f->bit);
	document_known(o, "bits", f->bits, f->bits);
	document_known(o, "retained_objects", f->target_count && !v->why,
		       f->retained_objects);
	document_known(o, "retained_bytes", f->target_count && !v->why,
		       f->retained_bytes);
	document_known(o, "no_block",
		       f->pointers && f->size && f->leading <= v->elements,
		       v->elements - f->leading);
	document_set(o, "targets", targets);
	return o;
}

json_t *type_json(const struct reading *in, const struct type_view *v)
{
	json_t *document, *o = json_object(), *fields = json_array();

	for (size_t i = 0; i < v->count; i++)
		document_append(fields, field_json(v, &v->fields[i]));
	document_text(o, "type", v->name);
	document_count(o, "live", v->blocks);
	document_count(o, "bytes", v->bytes);
	document_count(o, "elements", v->elements);
	document_known(o, "element_bytes", v->size, v->size);
	document_known(o, "padding", !v->partial && !v->cut, v->padding);
	document_known(o, "padding_bits", !v->partial && !v->cut,
		       v->padding_bits);
	document_known(o, "retained_objects", !v->why, v->retained_objects);
	document_known(o, "retained_bytes", !v->why, v->retained_bytes);
	document_count(o, "others", v->others);
	document_count(o, "slack", v->slack);
	document_flag(o, "cut", v->cut);
	document_set(o, "fields", fields);
	document = document_new(in, NULL);
	document_set(document, "type", o);
	return document;
}
