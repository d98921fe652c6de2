/* SPDX-License-Identifier: MIT */
/* refknot objects: what is alive, by one property. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "groups.h"
#include "instants.h"
#include "marks.h"
#include "objects_history.h"
#include "obstacle.h"
#include "parts.h"
#include "peak.h"
#include "showing.h"
#include "siblings.h"
#include "table.h"
#include "units.h"
#include "verdict.h"

static char *by, *sort, *at, *between, *function;
static const char *until; /* the second time of --between */
static int generation = -1, retained, churn;

static enum group_by grouping;
static enum group_sort order;

/* `known`: what it retains is, which a sum of rows does not say. */
static void add_row(struct table *t, const struct group *g, bool with_retained,
		    bool known)
{
	char text[UNITS_SIZE];

	table_add(t, units_count(text, g->live, "object"));
	table_add(t, units_bytes(text, g->bytes));
	table_add(t, units_bytes(text, g->live ? g->bytes / g->live : 0));
	if (with_retained) {
		table_add(
		    t, known ? units_count(text, g->retained_objects, "object")
			     : "");
		table_add(t, known ? units_bytes(text, g->retained_bytes) : "");
	}
	table_add(t, g->key);
}

static void add_sum(struct table *t, const struct groups *g, size_t from,
		    const char *key)
{
	struct group sum = groups_sum(g, from, key);

	add_row(t, &sum, g->retained, false);
	free(sum.key);
}

static void print_table(const struct groups *g, size_t limit)
{
	struct table_column columns[] = {
		{ "LIVE", true },
		{ "BYTES", true },
		{ "AVERAGE", true },
		{ "RETAINED", true },
		{ "RETAINED BYTES", true },
		{ group_by_titles[grouping], false },
	};
	size_t count = sizeof(columns) / sizeof(*columns);
	size_t shown = limit && limit < g->count ? limit : g->count;
	size_t more = g->count - shown;
	char *other = table_other(more);
	struct table t;

	if (!g->retained) {
		columns[3] = columns[5];
		count -= 2;
	}
	table_init(&t, columns, count);
	for (size_t i = 0; i < shown; i++)
		add_row(&t, &g->list[i], g->retained, true);
	if (shown < g->count)
		add_sum(&t, g, shown, other);
	add_sum(&t, g, 0, "total");
	table_print(&t, stdout);
	table_release(&t);
	free(other);
}

/* What may be meant instead is named, too. */
static char *why_no_mark(const struct model *m)
{
	char *list = marks_list(m), *text = escape(at), *why, *words;
	struct instant asked = { 0 };

	why = instants_parse(m, at, &asked);
	if (!why && instants_known(m) && asked.kind == INSTANT_KINDS)
		words = xasprintf(
		    "--at takes marks, and \"%s\" is a time: refknot objects --between start %s",
		    text, text);
	else
		words = xasprintf(
		    "the recording has no mark \"%s\"; its marks: %s%s", text,
		    list, peak_why_unknown(m) ? "" : "; --at peak needs none");
	free(why);
	free(text);
	free(list);
	return words;
}

/* What is to be summed; or why it cannot be, for the caller to free. */
static char *choose(struct group_choice *choice, const struct model *m)
{
	const char *why;

	*choice = (struct group_choice){
		.generation = generation,
		.mark = at ? marks_find(m, at) : NULL,
		.retained = retained,
	};
	if (!at || choice->mark || !strcmp(at, END_NAME))
		return NULL;
	if (!strcmp(at, PEAK_NAME)) {
		choice->peak = true;
		why = peak_why_unknown(m);
		return why ? xasprintf(
				 "what was alive at the peak is not known: %s",
				 why)
			   : NULL;
	}
	return why_no_mark(m);
}

static void print_text(const struct model *m, const struct groups *g,
		       size_t limit, bool peak)
{
	char *error = peak ? peak_error_text(m) : NULL;

	if (m->blocks_cut && !m->block_count && !at)
		puts("what is alive is not known");
	else
		print_table(g, limit);
	if (error)
		printf("\n%s\n", error);
	free(error);
}

static void visit(const struct reading *in, void *data)
{
	const struct model *m = in->m;
	struct showing *show = data;
	struct group_choice choice;
	char room[OBSTACLE_SIZE], *refused = choose(&choice, m);
	const char *why = retained || grouping == GROUP_BY_ROOT
			      ? obstacle_find(m, room, sizeof(room))
			      : NULL;
	bool history = show->format == FORMAT_JSON && generation < 0 && !at;
	struct groups g;

	if (churn || between) {
		if (churn)
			objects_churn(show, in, grouping, order, function);
		else
			objects_between(show, in, grouping, between, until);
		return;
	}
	if (!refused && why && grouping == GROUP_BY_ROOT)
		refused = xasprintf("what leads where is not known: %s", why);
	if (refused) {
		warn("objects: %s", refused);
		free(refused);
		show->status = STATUS_INPUT;
		return;
	}
	groups_make(&g, in, grouping, history ? GROUP_HISTORY : GROUP_LIVE,
		    choice);
	groups_sort(&g, order);
	if (show->format == FORMAT_JSON) {
		json_t *document = document_new(in, NULL);

		document_add_types(document, &g, show->limit, retained);
		documents_add(&show->documents, document);
	} else {
		siblings_print("", m);
		print_text(m, &g, show->limit, choice.peak);
		if (why)
			printf("\nretained sizes are not known: %s\n", why);
		verdict_print_gaps(stdout, "", m, NULL);
	}
	groups_release(&g);
}

/* What --churn and --between have of the options of the end. */
static void check_history(void)
{
	const char *name = function ? "--func"
			   : churn  ? "--churn"
				    : "--between";

	if (churn && between)
		die(STATUS_INPUT,
		    "objects: --between takes neither --churn nor --func, which are of the whole run");
	if (at || generation != -1 || retained ||
	    order == GROUP_SORT_RETAINED || grouping == GROUP_BY_SIZE ||
	    grouping == GROUP_BY_ROOT)
		die(STATUS_INPUT,
		    "objects: %s takes neither --at, --gen, --retained nor --by size or root: call stacks keep sums only",
		    name);
	if (between && sort)
		die(STATUS_INPUT,
		    "objects: --between takes no --sort: what changed most is first");
}

static bool is_file(const char *name)
{
	return name && (parts_is_name(name) || !access(name, F_OK));
}

/* Takes the second time, which may come after the recording. */
static const char **take_until(const char **arguments)
{
	until = arguments ? arguments[0] : NULL;
	if (until && is_file(until) && arguments[1] && !is_file(arguments[1])) {
		arguments[0] = arguments[1];
		arguments[1] = until;
		until = arguments[0];
	}
	if (!until || parts_is_name(until))
		die(STATUS_INPUT,
		    "objects: --between takes two times, as in: refknot objects --between 10%% 90%%");
	return arguments + 1;
}

static int run(const char **arguments)
{
	struct showing s;

	churn |= function != NULL;
	if (between)
		arguments = take_until(arguments);
	s = showing_begin(arguments, "objects");
	grouping = (enum group_by)options_choice(
	    "by", by, group_by_names, GROUP_BYS,
	    churn || between ? GROUP_BY_SITE : GROUP_BY_TYPE);
	order = (enum group_sort)options_choice(
	    "sort", sort, group_sort_names, GROUP_SORTS,
	    churn ? GROUP_SORT_COUNT : GROUP_SORT_BYTES);
	if (churn || between)
		check_history();
	if (at && (grouping == GROUP_BY_SIZE || grouping == GROUP_BY_ROOT ||
		   generation >= 0 || retained))
		die(STATUS_INPUT,
		    "objects: --at cannot be had with --by size or root, --gen or --retained: a mark and the peak keep counts only");
	if (order == GROUP_SORT_RETAINED && !retained)
		die(STATUS_INPUT, "objects: --sort retained needs --retained");
	if (generation < -1 || generation > 3)
		die(STATUS_INPUT,
		    "objects: --gen takes 0, 1, 2, or 3 for frozen objects");
	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = {
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "what to sum by; type without this option, site of --churn and --between",
	  "type|site|function|file|size|root" },
	{ "sort", 's', POPT_ARG_STRING, &sort, 0,
	  "order of the rows; bytes without this option",
	  "bytes|count|retained|name" },
	{ "retained", 'r', POPT_ARG_NONE, &retained, 0,
	  "also what would be free if each row were", NULL },
	{ "at", 0, POPT_ARG_STRING, &at, 0,
	  "what was alive at that mark, or when most was, not at the end",
	  "MARK|" PEAK_NAME },
	{ "between", 0, POPT_ARG_STRING, &between, 0,
	  "what grew between two times, which follow: seconds, 40%, marks, start, peak, end",
	  "TIME" },
	{ "churn", 0, POPT_ARG_NONE, &churn, 0,
	  "what was allocated in the whole run, and how long it lived", NULL },
	{ "func", 0, POPT_ARG_STRING, &function, 0,
	  "the same of what a function and all that it called allocated",
	  "FUNCTION" },
	{ "gen", 0, POPT_ARG_INT, &generation, 0,
	  "only objects of that generation", "0|1|2|3" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_objects = {
	.name = "objects",
	.group = COMMAND_ALIVE,
	.arguments = "[REC]",
	.help = "list what is alive, by type or site",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
