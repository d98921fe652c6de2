/* SPDX-License-Identifier: MIT */
/* refknot regions: what the passes of a region made and left. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "functions.h"
#include "region_passes.h"
#include "showing.h"
#include "table.h"
#include "units.h"
#include "verdict.h"

static char *by, *function, *name;

enum scope { SCOPE_PROCESS, SCOPE_THREAD, SCOPES };
static const char *const scopes[SCOPES] = { "process", "thread" };

static enum scope scope;

/* --- Text -------------------------------------------------------------------- */

static void add_number(struct table *t, int64_t n, bool sign)
{
	char text[UNITS_SIZE];

	if (n == RKN_UNKNOWN)
		table_add(t, "-");
	else if (snprintf(text, sizeof(text),
			  sign && n ? "%+" PRId64 : "%" PRId64, n) > 0)
		table_add(t, text);
}

static void add_row(struct table *t, const struct passed_region *p,
		    const struct passed_row *r)
{
	char text[UNITS_SIZE];

	table_add(t, r->type);
	if (p->counted) {
		add_number(t, r->before, false);
		add_number(t, r->after, false);
	}
	add_number(t, (int64_t)r->made, false);
	add_number(t, (int64_t)r->ended, false);
	add_number(t, (int64_t)(r->made - r->ended), true);
	table_add(t, units_change(text, r->bytes));
	if (!p->counted)
		return;
	add_number(t, p->passes ? r->least : RKN_UNKNOWN, true);
	add_number(t, p->passes ? r->median : RKN_UNKNOWN, true);
	add_number(t, p->passes ? r->most : RKN_UNKNOWN, true);
}

static void print_region(const struct passed_region *p, size_t limit)
{
	const struct table_column columns[] = {
		{ "TYPE", false }, { "BEFORE", true }, { "AFTER", true },
		{ "NEW", true },   { "FREED", true },  { "DELTA", true },
		{ "BYTES", true }, { "MIN", true },    { "MEDIAN", true },
		{ "MAX", true },
	};
	const struct table_column plain[] = {
		columns[0], columns[3], columns[4], columns[5], columns[6],
	};
	size_t shown = limit && limit < p->count ? limit : p->count;
	char text[UNITS_SIZE];
	bool bounds = false;
	struct table t;

	if (p->counted)
		printf("%s  %" PRIu64 " %s", *p->name ? p->name : "(no name)",
		       p->passes, p->passes == 1 ? "pass" : "passes");
	else
		printf("%s() and what it called, in the whole run", p->name);
	if (p->counted && p->thread)
		printf(" in thread %" PRIu32, p->thread);
	if (p->counted && p->begun > p->passes)
		printf("; %s not ended",
		       units_count(text, p->begun - p->passes, "time"));
	puts("");
	if (p->counted)
		table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	else
		table_init(&t, plain, sizeof(plain) / sizeof(*plain));
	for (size_t i = 0; i < shown; i++) {
		add_row(&t, p, &p->rows[i]);
		bounds |= p->rows[i].bounds;
	}
	add_row(&t, p, &p->total);
	table_print(&t, stdout);
	table_release(&t);
	if (shown < p->count)
		printf("omitting %zu more types; --limit 0 shows all\n",
		       p->count - shown);
	if (bounds)
		puts("MEDIAN -: several places; MIN and MAX are bounds then");
	puts("");
}

/* --- JSON -------------------------------------------------------------------- */

static json_t *known(int64_t n, bool is)
{
	return is && n != RKN_UNKNOWN ? json_integer(n) : json_null();
}

static json_t *row_json(const struct passed_region *p,
			const struct passed_row *r)
{
	json_t *o = json_object();

	document_text(o, "type", r->type);
	document_set(o, "before", known(r->before, p->counted));
	document_set(o, "after", known(r->after, p->counted));
	document_count(o, "new", r->made);
	document_count(o, "freed", r->ended);
	document_set(o, "delta", json_integer((int64_t)(r->made - r->ended)));
	document_set(o, "bytes", json_integer(r->bytes));
	document_set(o, "min", known(r->least, p->passes));
	document_set(o, "median", known(r->median, p->passes));
	document_set(o, "max", known(r->most, p->passes));
	document_flag(o, "bounds", r->bounds);
	return o;
}

static json_t *region_json(const struct passed_region *p, size_t limit)
{
	size_t shown = limit && limit < p->count ? limit : p->count;
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < shown; i++)
		document_append(rows, row_json(p, &p->rows[i]));
	document_text(o, "name", p->name);
	document_known(o, "thread", p->thread, p->thread);
	document_known(o, "passes", p->counted, p->passes);
	document_count(o, "not_ended",
		       p->begun > p->passes ? p->begun - p->passes : 0);
	document_set(o, "types", rows);
	document_set(o, "total", row_json(p, &p->total));
	return o;
}

/* --- The command -------------------------------------------------------------- */

/* Nothing to show is not an error, unless a name was given. */
static void say_nothing(struct showing *show, const struct reading *in)
{
	char *text = function ? functions_why_not(in->m, in->symbols, function)
			      : escape(name ? name : "");

	if (!model_knows(in->m,
			 function ? RKN_CHUNK_STACKS : RKN_CHUNK_REGIONS))
		warn(
		    "regions: not known: that part of the recording is missing");
	else if (function)
		warn("regions: %s", text);
	else if (name)
		warn("regions: the recording has no region named \"%s\"", text);
	else if (show->format == FORMAT_TEXT)
		puts(
		    "the program made no regions known: see refknot.h, or give --func FUNCTION");
	if (function || name)
		show->status = STATUS_INPUT;
	free(text);
}

static void visit(const struct reading *in, void *data)
{
	struct showing *show = data;
	json_t *array = json_array(), *document;
	struct region_passes p;
	size_t shown = 0;

	if (function)
		region_passes_of_function(&p, in, function);
	else
		region_passes_make(&p, in, scope == SCOPE_THREAD);
	for (size_t i = 0; i < p.count; i++) {
		if (name && strcmp(p.list[i].name, name))
			continue;
		shown++;
		if (show->format == FORMAT_JSON)
			document_append(array,
					region_json(&p.list[i], show->limit));
		else
			print_region(&p.list[i], show->limit);
	}
	if (!shown)
		say_nothing(show, in);
	if (show->format == FORMAT_JSON) {
		document = document_new(in, NULL);
		document_set(document, "regions", array);
		documents_add(&show->documents, document);
	} else {
		json_decref(array);
		verdict_print_gaps(stdout, NULL, in->m, NULL);
	}
	region_passes_release(&p);
}

static int run(const char **arguments)
{
	struct showing s = showing_begin(arguments, "regions");

	if (function && (by || name))
		die(STATUS_INPUT,
		    "regions: --func takes neither --by nor --name: call stacks name neither threads nor regions");
	scope =
	    (enum scope)options_choice("by", by, scopes, SCOPES, SCOPE_PROCESS);
	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = {
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "passes of all threads together, or of each", "process|thread" },
	{ "func", 0, POPT_ARG_STRING, &function, 0,
	  "what a function and all that it called allocated in the run",
	  "FUNCTION" },
	{ "name", 0, POPT_ARG_STRING, &name, 0, "only the region of this name",
	  "NAME" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_regions = {
	.name = "regions",
	.group = COMMAND_ALIVE,
	.arguments = "[REC]",
	.help = "list what regions of the program made and left",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
