/* SPDX-License-Identifier: MIT */
/* refknot diff: what grew between two recordings or marks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "groups.h"
#include "list.h"
#include "marks.h"
#include "obstacle.h"
#include "options.h"
#include "peak.h"
#include "recordings.h"
#include "report.h"
#include "siblings.h"
#include "table.h"
#include "units.h"
#include "verdict.h"

static char *by;
static int retained;
static enum group_by grouping;
static bool json;

/* One of the two. */
struct side {
	const char *argument;
	char *path;
	char *mark;           /* NULL: the end */
	struct groups groups; /* by name */
	json_t *document;
	char *error; /* how exact the peak is; NULL: it is, or is not meant */
	bool end;    /* the mark may mean the end */
	bool peak;   /* the same of the peak */
	bool there;  /* it could be read */
	bool told;   /* its limits are printed, as the other's */
};

struct row {
	const char *key;
	const struct group *before, *after; /* NULL: none */
	int64_t objects, bytes;
	int64_t retained; /* bytes; 0 if not asked for */
};

/* Why a mark or the peak has no such rows; NULL: it has. */
static const char *why_no_rows(void)
{
	if (grouping == GROUP_BY_SIZE)
		return "--by size cannot be had of a mark or the peak, which keep no sizes";
	if (grouping == GROUP_BY_ROOT || retained)
		return "--by root and --retained cannot be had of a mark or the peak, which keep no pointers";
	return NULL;
}

/* Names what may be meant instead; for the caller to free. */
static char *why_no_mark(const struct model *m)
{
	char *list = marks_list(m), *text;

	text =
	    xasprintf("the recording has no such mark; its marks: %s%s", list,
		      peak_why_unknown(m) ? "; @end needs none"
					  : "; @peak and @end need none");
	free(list);
	return text;
}

/* What is to be compared; or why it cannot be, for the caller to free. */
static char *choose(struct group_choice *choice, const struct reading *in,
		    const struct side *side)
{
	const struct model *m = in->m;
	const struct rkn_mark *mark =
	    side->mark ? marks_find(m, side->mark) : NULL;
	const bool end = !side->mark || (side->end && !mark);
	/* The part that a side's numbers, or their names, come from. */
	enum rkn_chunk_type part = side->peak ? RKN_CHUNK_STACKS
				   : !end     ? RKN_CHUNK_CENSUS
				   : grouping == GROUP_BY_TYPE
				       ? RKN_CHUNK_OBJECTS
				       : RKN_CHUNK_BLOCKS;
	char room[OBSTACLE_SIZE];
	const char *why = NULL;

	*choice = GROUP_EVERYTHING;
	if (!model_knows(m, part))
		return xstrdup(
		    "what was alive is not known: that part of the recording is missing");
	if (mark && why_no_rows())
		return xstrdup(why_no_rows());
	if (retained || grouping == GROUP_BY_ROOT)
		why = obstacle_find(m, room, sizeof(room));
	if (why)
		return xasprintf("what leads where is not known: %s", why);
	choice->retained = retained;
	choice->mark = mark;
	if (mark || end)
		return NULL;
	if (side->peak) {
		choice->peak = true;
		why = peak_why_unknown(m);
		return why ? xasprintf("what was alive then is not known: %s",
				       why)
			   : NULL;
	}
	return why_no_mark(m);
}

static void visit(const struct reading *in, void *data)
{
	struct group_choice choice;
	struct side *side = data;
	char *title, *text = escape(side->argument);
	char *why = choose(&choice, in, side);

	if (why) {
		warn("diff: %s: %s", text, why);
		free(why);
		free(text);
		return;
	}
	groups_make(&side->groups, in, grouping, GROUP_LIVE, choice);
	groups_sort(&side->groups, GROUP_SORT_NAME);
	side->there = true;
	side->error = choice.peak ? peak_error_text(in->m) : NULL;
	if (json)
		side->document = document_new(in, NULL);
	if (!json && !side->told) {
		title = xasprintf("%s: ", text);
		siblings_print(title, in->m);
		free(title);
		title = xasprintf("in %s:", text);
		verdict_print_gaps(stdout, title, in->m, NULL);
		free(title);
	}
	free(text);
}

/* RECORDING, or RECORDING@MARK unless there is a file of that name. */
static void side_open(struct side *s, const char *argument)
{
	const char *at = strrchr(argument, '@'), *why;

	s->argument = argument;
	s->path = xstrdup(argument);
	if (at && access(argument, F_OK)) {
		s->path[at - argument] = '\0';
		s->mark = xstrdup(at + 1);
		s->peak = !strcmp(s->mark, PEAK_NAME);
		s->end = !strcmp(s->mark, END_NAME);
	}
	why = s->mark && !s->end ? why_no_rows() : NULL;
	if (why)
		die(STATUS_INPUT, "diff: %s", why);
}

/* More or less alike. */
static int by_change(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return ORDER(units_magnitude(y->bytes), units_magnitude(x->bytes))
		   ?: ORDER(units_magnitude(y->objects),
			    units_magnitude(x->objects))
			  ?: ORDER(units_magnitude(y->retained),
				   units_magnitude(x->retained))
				 ?: strcmp(x->key, y->key);
}

static struct row row_of(const struct group *before, const struct group *after)
{
	struct row r = { .before = before, .after = after };

	r.key = after ? after->key : before->key;
	r.objects =
	    (int64_t)((after ? after->live : 0) - (before ? before->live : 0));
	r.bytes = (int64_t)((after ? after->bytes : 0) -
			    (before ? before->bytes : 0));
	r.retained = (int64_t)((after ? after->retained_bytes : 0) -
			       (before ? before->retained_bytes : 0));
	return r;
}

/* Groups that differ, what changed most first. */
static struct row *compare(const struct groups *a, const struct groups *b,
			   size_t *count)
{
	struct row *rows = xcalloc(a->count + b->count + 1, sizeof(*rows));
	size_t x = 0, y = 0;

	*count = 0;
	while (x < a->count || y < b->count) {
		int order = x == a->count ? 1
			    : y == b->count
				? -1
				: strverscmp(a->list[x].key, b->list[y].key);
		struct row r = row_of(order <= 0 ? &a->list[x] : NULL,
				      order >= 0 ? &b->list[y] : NULL);

		x += order <= 0;
		y += order >= 0;
		if (r.objects || r.bytes || r.retained)
			rows[(*count)++] = r;
	}
	qsort(rows, *count, sizeof(*rows), by_change);
	return rows;
}

/* --- Text --------------------------------------------------------------------- */

static void add_bytes(struct table *t, int64_t bytes)
{
	char text[UNITS_SIZE];

	table_add(t, units_change(text, bytes));
}

/* `known`: what it retains is, which a sum of rows does not say. */
static void add_change(struct table *t, const struct row *r, bool known)
{
	char cell[UNITS_SIZE];

	snprintf(cell, sizeof(cell), "%" PRIu64,
		 r->before ? r->before->live : 0);
	table_add(t, cell);
	snprintf(cell, sizeof(cell), "%" PRIu64, r->after ? r->after->live : 0);
	table_add(t, cell);
	snprintf(cell, sizeof(cell), r->objects ? "%+" PRId64 : "%" PRId64,
		 r->objects);
	table_add(t, cell);
	add_bytes(t, r->bytes);
	if (retained && known)
		add_bytes(t, r->retained);
	else if (retained)
		table_add(t, "");
	table_add(t, r->key);
}

static void add_group(struct group *to, const struct group *g)
{
	to->live += g ? g->live : 0;
	to->bytes += g ? g->bytes : 0;
}

/* A row of those that are not shown. */
static void add_other(struct table *t, const struct row *rows, size_t count)
{
	struct group a = { .key = table_other(count) }, b = { .key = a.key };
	struct row sum;

	for (size_t i = 0; i < count; i++) {
		add_group(&a, rows[i].before);
		add_group(&b, rows[i].after);
	}
	sum = row_of(&a, &b);
	add_change(t, &sum, false);
	free(a.key);
}

static void print_rows(const struct row *rows, size_t count, size_t limit,
		       const struct row *total)
{
	struct table_column columns[] = {
		{ "BEFORE", true },   { "AFTER", true },
		{ "DELTA", true },    { "BYTES", true },
		{ "RETAINED", true }, { group_by_titles[grouping], false },
	};
	size_t width = sizeof(columns) / sizeof(*columns);
	size_t shown = limit && limit < count ? limit : count;
	struct table t;

	if (!count) {
		puts("nothing differs");
		return;
	}
	if (!retained)
		columns[4] = columns[--width];
	table_init(&t, columns, width);
	for (size_t i = 0; i < shown; i++)
		add_change(&t, &rows[i], true);
	if (shown < count)
		add_other(&t, &rows[shown], count - shown);
	add_change(&t, total, false);
	table_print(&t, stdout);
	table_release(&t);
}

static void print_text(const struct side *sides, const struct row *rows,
		       size_t count, size_t limit, const struct row *total)
{
	print_rows(rows, count, limit, total);
	for (int i = 0; i < 2; i++) {
		char *text = escape(sides[i].argument);

		if (sides[i].error)
			printf("%s: %s\n", text, sides[i].error);
		free(text);
	}
}

/* --- JSON --------------------------------------------------------------------- */

static json_t *row_json(const struct row *r, bool known)
{
	json_t *o = json_object();

	document_text(o, "type", r->key);
	document_count(o, "before", r->before ? r->before->live : 0);
	document_count(o, "after", r->after ? r->after->live : 0);
	document_set(o, "delta", json_integer(r->objects));
	document_count(o, "bytes_before", r->before ? r->before->bytes : 0);
	document_count(o, "bytes_after", r->after ? r->after->bytes : 0);
	document_set(o, "bytes", json_integer(r->bytes));
	if (retained) {
		document_known(o, "retained_before", known,
			       r->before ? r->before->retained_bytes : 0);
		document_known(o, "retained_after", known,
			       r->after ? r->after->retained_bytes : 0);
		document_set(o, "retained",
			     known ? json_integer(r->retained) : json_null());
	}
	return o;
}

static void write_json(const struct side *sides, const struct row *rows,
		       size_t count, size_t limit, const struct row *total)
{
	size_t shown = limit && limit < count ? limit : count;
	json_t *o = json_object(), *array = json_array();
	struct documents d;

	for (size_t i = 0; i < shown; i++)
		document_append(array, row_json(&rows[i], true));
	document_text(o, "from", sides[0].argument);
	document_set(o, "rows", array);
	document_set(o, "total", row_json(total, false));
	document_set(sides[1].document, "difference", o);
	documents_init(&d, 1);
	documents_add(&d, sides[1].document);
	documents_write(&d, stdout);
	json_decref(sides[0].document);
}

/* --- The command --------------------------------------------------------------- */

static int run(const char **arguments)
{
	struct side sides[2] = { 0 };
	int status = STATUS_OK;
	size_t limit;

	json = options_format() == FORMAT_JSON;
	if (!arguments || !arguments[0] || !arguments[1] || arguments[2])
		die(STATUS_INPUT,
		    "diff: give two recordings or marks, as in: refknot diff prog.1.rkn@peak prog.1.rkn");
	limit = options_limit(json ? 0 : OPTIONS_ROWS);
	grouping = (enum group_by)options_choice("by", by, group_by_names,
						 GROUP_BYS, GROUP_BY_TYPE);
	for (int i = 0; i < 2; i++)
		side_open(&sides[i], arguments[i]);
	sides[0].told = !strcmp(sides[0].path, sides[1].path);
	for (int i = 0; i < 2 && (!i || sides[0].there); i++) {
		struct side *s = &sides[i];
		/* Only "@MARK" is of the newest recording. */
		const char *paths[] = { *s->path ? s->path : NULL, NULL };

		if (recordings_each(paths, visit, s) || !s->there)
			status = STATUS_INPUT;
	}
	if (sides[0].there && sides[1].there) {
		size_t count;
		struct row *rows =
		    compare(&sides[0].groups, &sides[1].groups, &count);
		struct group a = groups_sum(&sides[0].groups, 0, "total");
		struct group b = groups_sum(&sides[1].groups, 0, "total");
		struct row total = row_of(&a, &b);

		if (json)
			write_json(sides, rows, count, limit, &total);
		else
			print_text(sides, rows, count, limit, &total);
		free(a.key);
		free(b.key);
		free(rows);
	} else {
		json_decref(sides[0].document);
		json_decref(sides[1].document);
	}
	for (int i = 0; i < 2; i++) {
		groups_release(&sides[i].groups);
		free(sides[i].path);
		free(sides[i].mark);
		free(sides[i].error);
	}
	return status;
}

static const struct poptOption options[] = {
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "what to sum by; type without this option",
	  "type|site|function|file|size|root" },
	{ "retained", 'r', POPT_ARG_NONE, &retained, 0,
	  "also how much more would be free if each row were", NULL },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_diff = {
	.name = "diff",
	.group = COMMAND_ALIVE,
	.arguments = "REC[@MARK] REC[@MARK]",
	.help = "show what grew between two recordings or marks",
	.options = options,
	.run = run,
	.paged = true,
};
