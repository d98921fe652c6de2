/* SPDX-License-Identifier: MIT */
/* refknot refs: references that were not given back, by type and place. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "json_text.h"
#include "options.h"
#include "outstanding_json.h"
#include "paint.h"
#include "recordings.h"
#include "report.h"
#include "report_print.h"
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

struct listing {
	enum format format;
	size_t limit;
	struct documents documents;
};

static uint64_t references_on(const struct model *m, uint32_t object)
{
	size_t first, n = model_references_of(m, object, &first);
	uint64_t count = m->objects[object].flags & RKN_OBJECT_MAKER;

	for (size_t i = first; i < first + n; i++)
		count += m->references[i].kind == RKN_REFERENCE;
	return count;
}

static int by_references(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (x->references != y->references)
		return x->references > y->references ? -1 : 1;
	return strcmp(x->type ? x->type : "", y->type ? y->type : "");
}

/* One a name, as names are numbered; then the most references first. */
static struct kind *collect(const struct model *m, struct names *n)
{
	struct kind *kinds = xcalloc(m->name_count + 1, sizeof(*kinds));

	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct rkn_object *o = &m->objects[i];
		struct kind *k = &kinds[o->type];

		k->type = names_type_called(n, o->type);
		if (o->block == RKN_NONE || (type && strcmp(type, k->type)))
			continue;
		if (!(k->count & (k->count + 1)))
			k->objects = xreallocarray(k->objects, 2 * k->count + 2,
						   sizeof(*k->objects));
		k->objects[k->count++] = i;
		k->references += references_on(m, i);
	}
	qsort(kinds, m->name_count, sizeof(*kinds), by_references);
	return kinds;
}

static void print_kind(const struct printer *p, const struct kind *k)
{
	char objects[UNITS_SIZE], references[UNITS_SIZE];

	fprintf(
	    p->out, "%s%s%s  %s, %s\n", paint(p->colour, PAINT_STRONG), k->type,
	    paint(p->colour, PAINT_PLAIN),
	    units_count(objects, k->count, "object"),
	    units_count(references, k->references, "outstanding reference"));
	print_outstanding(p, k->objects, k->count, "  ");
}

static json_t *kind_json(const struct model *m, struct symbols *s,
			 struct names *n, const struct kind *k)
{
	json_t *o = json_object();

	document_set(o, "type", json_text(k->type));
	document_set(o, "objects", json_count(k->count));
	document_set(o, "references", json_count(k->references));
	document_set(o, "places",
		     outstanding_json(m, s, n, k->objects, k->count));
	return o;
}

static const char *nothing(const struct model *m)
{
	if (!model_knows(m, RKN_CHUNK_REFERENCES))
		return "outstanding references are not known: that part of the recording is missing";
	if (m->object_count > 1)
		return "no outstanding references";
	return "the program made no objects known: see refknot.h";
}

static void visit(const struct model *m, struct symbols *s, void *data)
{
	struct listing *l = data;
	struct names *n = names_open(m, s);
	struct printer p = { stdout, m, s, n, paint_wanted(stdout) };
	struct kind *kinds = collect(m, n);
	json_t *array = json_array(), *document;
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < m->name_count; i++) {
		if (!kinds[i].references)
			continue;
		if (l->limit && all++ >= l->limit)
			continue;
		if (l->format == FORMAT_JSON)
			document_append(array, kind_json(m, s, n, &kinds[i]));
		else
			print_kind(&p, &kinds[i]);
		shown++;
	}
	if (l->format == FORMAT_JSON) {
		document = document_new(m, s, NULL);
		document_set(document, "outstanding", array);
		documents_add(&l->documents, document);
	} else {
		json_decref(array);
		if (!shown)
			puts(nothing(m));
		if (all > shown)
			printf("omitting %zu more types; --limit 0 shows all\n",
			       all - shown);
		verdict_print_gaps(stdout, "\nnot recorded:", m, NULL);
	}
	for (size_t i = 0; i < m->name_count; i++)
		free(kinds[i].objects);
	free(kinds);
	names_close(n);
}

static int run(const char **arguments)
{
	struct listing l = { .format = options_format() };
	int status;

	if (recordings_count(arguments) > 1)
		die(STATUS_INPUT, "refs: give one recording");
	l.limit = options_limit(l.format == FORMAT_JSON ? 0 : REPORT_LIMIT);
	documents_init(&l.documents, 1);
	status = recordings_each(arguments, visit, &l);
	documents_write(&l.documents, stdout);
	return status;
}

static const struct poptOption options[] = {
	{ "type", 't', POPT_ARG_STRING, &type, 0, "objects of this type alone",
	  "TYPE" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_refs = {
	.name = "refs",
	.arguments = "[REC]",
	.help = "show references that were not given back",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
};
