/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "document.h"
#include "pooled.h"
#include "report_print.h"
#include "shell_word.h"
#include "units.h"

#define KINDS 3 /* of pooled objects, whose references are listed */

static size_t shown_of(const struct finding *f)
{
	return f->ended_count < FINDING_HOLDERS ? f->ended_count
						: FINDING_HOLDERS;
}

/* --- Holders that ended ------------------------------------------------------- */

void print_ended_holders(const struct printer *p, const struct finding *f)
{
	const struct rkn_object *first = &p->in->m->objects[f->ended[0]];
	size_t shown = shown_of(f);
	char text[UNITS_SIZE];

	if (!f->ended_count)
		return;
	fputs("    held by ", p->out);
	for (size_t i = 0; i < shown; i++) {
		char *name = names_of(p->in->names, f->ended[i]);

		fprintf(p->out, "%s%s", i ? ", " : "", name);
		free(name);
	}
	if (f->ended_count > shown)
		fprintf(p->out, " and %" PRIu64 " more",
			f->ended_count - shown);
	fprintf(p->out, ", which ended without giving back %s%s:\n",
		units_count(text, f->ended_references, "reference"),
		f->ended_count > 1 ? "; the first" : "");
	print_place(p, "        ", "made by", first->stack);
	if (first->ended_stack)
		print_place(p, "        ", "freed by", first->ended_stack);
}

json_t *ended_holders_json(const struct reading *in, const struct finding *f)
{
	json_t *o = json_object(), *array = json_array();

	for (size_t i = 0; i < shown_of(f); i++) {
		const struct rkn_object *of = &in->m->objects[f->ended[i]];
		json_t *holder = json_object();

		document_take(holder, "name", names_of(in->names, f->ended[i]));
		document_set(holder, "made", document_stack(in, of->stack));
		document_set(holder, "ended",
			     document_stack(in, of->ended_stack));
		document_append(array, holder);
	}
	document_count(o, "count", f->ended_count);
	document_count(o, "references", f->ended_references);
	document_set(o, "first", array);
	return o;
}

/* --- Pooled objects ------------------------------------------------------------- */

void print_pooled(const struct printer *p, const struct findings *f)
{
	struct pooled list;
	char text[UNITS_SIZE], *path;

	pooled_make(&list, p->in, f);
	if (list.objects) {
		path = shell_word(p->in->m->path);
		fprintf(
		    p->out,
		    "\n%s inside larger blocks, alive with references at the end, in use or forgotten; refknot refs %s lists them:\n",
		    units_count(text, list.objects, "object"), path);
		free(path);
	}
	for (size_t i = 0; i < list.count && i < KINDS; i++) {
		const struct pooled_kind *k = &list.list[i];

		fprintf(p->out, "    %s  %s\n", k->type,
			units_count(text, k->count, "object"));
		print_outstanding_most(p, k->objects, k->count, "    ");
	}
	if (list.count > KINDS)
		fprintf(p->out, "    and %zu more types\n", list.count - KINDS);
	pooled_release(&list);
}

json_t *pooled_json(const struct reading *in, const struct findings *f)
{
	struct pooled list;
	json_t *array = json_array();

	pooled_make(&list, in, f);
	for (size_t i = 0; i < list.count; i++) {
		const struct pooled_kind *k = &list.list[i];
		json_t *o = json_object();

		document_text(o, "type", k->type);
		document_count(o, "objects", k->count);
		document_count(o, "references", k->references);
		document_set(o, "places",
			     document_outstanding(in, k->objects, k->count));
		document_append(array, o);
	}
	pooled_release(&list);
	return array;
}
