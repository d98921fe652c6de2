/* SPDX-License-Identifier: MIT */
/* refknot refs: references that were not given back, by type and place. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "list.h"
#include "outstanding.h"
#include "paint.h"
#include "report_print.h"
#include "showing.h"
#include "units.h"
#include "verdict.h"

static char *type;

/* The objects of one type. */
struct kind {
	const char *type;
	uint32_t *objects;
	size_t count;
	uint64_t references;
};

static int by_references(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (x->references != y->references)
		return x->references > y->references ? -1 : 1;
	return strcmp(x->type ? x->type : "", y->type ? y->type : "");
}

/* One for each name, most references first. */
static struct kind *collect(const struct reading *in)
{
	const struct model *m = in->m;
	struct kind *kinds = xcalloc(m->name_count + 1, sizeof(*kinds));

	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];
		struct kind *k = &kinds[o->type];

		k->type = names_type_called(in->names, o->type);
		if (o->block == RKN_NONE || (type && strcmp(type, k->type)))
			continue;
		*LIST_ADD(k->objects, k->count) = i;
		k->references += outstanding_on(m, i);
	}
	qsort(kinds, m->name_count, sizeof(*kinds), by_references);
	return kinds;
}

static void print_made(uint64_t made, uint64_t alive, uint64_t held)
{
	char text[UNITS_SIZE];

	printf("no outstanding references: %s%s%s %s made known, ",
	       units_count(text, made, "object"), type ? " of type " : "",
	       type ? type : "", made == 1 ? "was" : "were");
	if (alive)
		printf("of which %" PRIu64 " %s alive", alive,
		       alive == 1 ? "is" : "are");
	else
		printf("and %s ended", made == 1 ? "has" : "all have");
	if (held)
		printf("; %s freed while references were left\n",
		       units_count(text, held, "object"));
	else
		puts(alive ? "" : " with their references given back");
}

static void print_nothing(const struct reading *in)
{
	const struct model *m = in->m;
	/* Objects of that type, or of all: made known, and of these alive, and
	 * freed with references left. */
	uint64_t made = 0, alive = 0, held = 0;
	char *shown = escape(type ? type : "");

	for (uint32_t i = 0; i < m->name_count; i++) {
		const struct rkn_name *name = &m->names[i];

		if (type && strcmp(type, names_type_called(in->names, i)))
			continue;
		made += name->made;
		alive += name->made - name->ended;
	}
	for (size_t i = 0; i < m->error_count; i++)
		if (m->errors[i].kind == RKN_ERROR_FREED_WHILE_HELD &&
		    (!type || !strcmp(type, names_type_called(
						in->names, m->errors[i].type))))
			held += m->errors[i].count;
	if (!model_knows(m, RKN_CHUNK_REFERENCES))
		puts(
		    "outstanding references are not known: that part of the recording is missing");
	else if (made)
		print_made(made, alive, held);
	else if (type)
		printf("no objects of type %s were made known\n", shown);
	else
		puts("the program made no objects known: see refknot.h");
	free(shown);
}

static void visit(const struct reading *in, void *data)
{
	const struct model *m = in->m;
	struct showing *show = data;
	struct printer p = { stdout, in, paint_wanted(stdout) };
	struct kind *kinds = collect(in);
	char objects[UNITS_SIZE], references[UNITS_SIZE];
	json_t *array = json_array(), *document;
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < m->name_count; i++) {
		const struct kind *k = &kinds[i];

		if (!k->references)
			continue;
		if (show->limit && all++ >= show->limit)
			continue;
		if (show->format == FORMAT_JSON) {
			json_t *o = json_object();

			document_text(o, "type", k->type);
			document_count(o, "objects", k->count);
			document_count(o, "references", k->references);
			document_set(
			    o, "places",
			    document_outstanding(in, k->objects, k->count));
			document_append(array, o);
		} else {
			printf("%s%s%s  %s, %s\n",
			       paint(p.colour, PAINT_STRONG), k->type,
			       paint(p.colour, PAINT_PLAIN),
			       units_count(objects, k->count, "object"),
			       units_count(references, k->references,
					   "outstanding reference"));
			print_outstanding(&p, k->objects, k->count, "  ");
		}
		shown++;
	}
	if (show->format == FORMAT_JSON) {
		document = document_new(in, NULL);
		document_set(document, "outstanding", array);
		documents_add(&show->documents, document);
	} else {
		json_decref(array);
		if (!shown)
			print_nothing(in);
		if (all > shown)
			printf("omitting %zu more types; --limit 0 shows all\n",
			       all - shown);
		verdict_print_gaps(stdout, "", m, NULL);
	}
	for (size_t i = 0; i < m->name_count; i++)
		free(kinds[i].objects);
	free(kinds);
}

static int run(const char **arguments)
{
	struct showing s = showing_begin(arguments, "refs");

	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = {
	{ "type", 't', POPT_ARG_STRING, &type, 0, "only objects of this type",
	  "TYPE" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_STACKS,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_refs = {
	.name = "refs",
	.group = COMMAND_FINDINGS,
	.arguments = "[REC]",
	.help = "list references that were not given back",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
