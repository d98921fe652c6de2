/* SPDX-License-Identifier: MIT */
/* refknot list: recordings here or in a file, what is recorded now, and what runs
 * left behind;
 * refknot clean: removes what they left. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "json_writer.h"
#include "listing.h"
#include "options.h"
#include "runs.h"
#include "table.h"
#include "units.h"

static int all;

/* --- Text ------------------------------------------------------------------ */

/* "44 min ago". */
static char *age_of(uint64_t time_ns)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = { { "days", 86400 }, { "h", 3600 }, { "min", 60 } };
	uint64_t then = time_ns / 1000000000u, age;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (uint64_t)now.tv_sec > then ? (uint64_t)now.tv_sec - then : 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (age >= 2 * units[i].seconds)
			return xasprintf("%" PRIu64 " %s ago",
					 age / units[i].seconds, units[i].unit);
	return xasprintf("%" PRIu64 " s ago", age);
}

static void add_row(struct table *t, uint64_t bytes, uint64_t time_ns,
		    const char *path)
{
	char size[UNITS_SIZE], *age = age_of(time_ns), *shown = escape(path);

	table_add(t, units_bytes(size, bytes));
	table_add(t, age);
	table_add(t, shown);
	free(shown);
	free(age);
}

static const struct table_column columns[] = {
	{ "SIZE", true },
	{ "WRITTEN", true },
	{ "FILE", false },
};

/* The stores of runs in one of two states, under a heading; false: there are
 * none. */
static bool print_runs(const struct runs *r, enum runs_state state,
		       enum runs_state or, const char *heading)
{
	struct table t;
	bool any = false;

	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < r->count; i++) {
		const struct runs_one *one = &r->list[i];

		if (one->state != state && one->state != or)
			continue;
		any = true;
		for (size_t k = 0; k < one->store_count; k++) {
			char *path =
			    xasprintf("%s/%s", one->path, one->stores[k].name);

			add_row(&t, one->stores[k].bytes, one->time_ns, path);
			free(path);
		}
		if (!one->store_count)
			add_row(&t, 0, one->time_ns, one->path);
	}
	if (any) {
		printf("%s\n", heading);
		table_print(&t, stdout);
		putchar('\n');
	}
	table_release(&t);
	return any;
}

static void print_text(const struct runs *r)
{
	bool old;
	struct table t;

	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < r->recording_count; i++)
		add_row(&t, r->recordings[i].bytes, r->recordings[i].time_ns,
			r->recordings[i].path + 2); /* without "./" */
	if (r->recording_count) {
		puts("recordings in this directory, the newest first:");
		table_print(&t, stdout);
		putchar('\n');
	} else {
		puts("no recordings in this directory\n");
	}
	table_release(&t);
	if (!print_runs(r, RUNS_NOW, RUNS_USED, "recorded now:"))
		puts("nothing is recorded now\n");
	old = print_runs(r, RUNS_LEFT, RUNS_LEFT,
			 "left by runs that were killed:");
	old |= print_runs(r, RUNS_KEPT, RUNS_KEPT,
			  "kept when a run ended, until you remove it:");
	if (old)
		puts(
		    "`refknot report FILE` reads any of these; `refknot clean` removes what is left or kept");
}

/* --- JSON ------------------------------------------------------------------ */

static json_t *run_json(const struct runs_one *one)
{
	json_t *o = json_object(), *stores = json_array();

	for (size_t i = 0; i < one->store_count; i++) {
		json_t *store = json_object();

		document_text(store, "name", one->stores[i].name);
		document_count(store, "bytes", one->stores[i].bytes);
		document_append(stores, store);
	}
	document_text(o, "path", one->path);
	document_text(o, "state", runs_state_names[one->state]);
	document_count(o, "bytes", one->bytes);
	document_count(o, "written_ns", one->time_ns);
	document_set(o, "stores", stores);
	return o;
}

static void print_json(const struct runs *r)
{
	json_t *o = json_object(), *recordings = json_array();
	json_t *runs = json_array();

	for (size_t i = 0; i < r->recording_count; i++) {
		json_t *row = json_object();

		document_text(row, "path", r->recordings[i].path + 2);
		document_count(row, "bytes", r->recordings[i].bytes);
		document_count(row, "written_ns", r->recordings[i].time_ns);
		document_append(recordings, row);
	}
	for (size_t i = 0; i < r->count; i++)
		document_append(runs, run_json(&r->list[i]));
	document_text(o, "schema", "refknot-list/1");
	document_set(o, "recordings", recordings);
	document_set(o, "runs", runs);
	if (!json_write(o, 1, stdout))
		die(STATUS_INPUT, "the list could not be written");
	json_decref(o);
}

static int run_list(const char **arguments)
{
	enum format format = options_format();
	struct runs r;

	if (arguments && *arguments)
		return listing_print(arguments, format == FORMAT_JSON);
	runs_find(&r, ".");
	if (format == FORMAT_JSON)
		print_json(&r);
	else
		print_text(&r);
	runs_release(&r);
	return STATUS_OK;
}

/* --- Cleaning -------------------------------------------------------------- */

static bool is_agreed(const struct runs_one *one)
{
	char size[UNITS_SIZE], count[UNITS_SIZE], answer[16];
	char *path = escape(one->path), *age = age_of(one->time_ns);

	printf("remove %s, %s, %s, written %s? [y/N] ", path,
	       units_count(count, one->store_count, "file"),
	       units_bytes(size, one->bytes), age);
	fflush(stdout);
	free(age);
	free(path);
	return fgets(answer, sizeof(answer), stdin) &&
	       (*answer == 'y' || *answer == 'Y');
}

/* Returns the exit status of this one. */
static int clean_one(const struct runs_one *one)
{
	char *path = escape(one->path), size[UNITS_SIZE];
	int status = STATUS_OK;

	if (all || is_agreed(one)) {
		if (runs_remove(one)) {
			printf("removed %s, %s\n", path,
			       units_bytes(size, one->bytes));
		} else {
			warn(
			    "clean: %s stays: it is in use, or has files that refknot did not make; look into it",
			    path);
			status = STATUS_INPUT;
		}
	}
	free(path);
	return status;
}

static int run_clean(const char **arguments)
{
	int status = STATUS_OK;
	size_t count = 0;
	struct runs r;

	if (arguments && *arguments)
		die(STATUS_INPUT, "clean: takes no arguments");
	if (!all && !isatty(STDIN_FILENO))
		die(STATUS_INPUT,
		    "clean: there is no terminal to ask on; --all removes all that runs left or kept");
	runs_find(&r, ".");
	for (size_t i = 0; i < r.count; i++) {
		if (r.list[i].state != RUNS_LEFT &&
		    r.list[i].state != RUNS_KEPT)
			continue;
		count++;
		if (clean_one(&r.list[i]))
			status = STATUS_INPUT;
	}
	if (!count)
		puts("nothing is left or kept");
	runs_release(&r);
	return status;
}

static const struct poptOption list_options[] = { OPTIONS_FORMAT,
						  POPT_TABLEEND };

static const struct poptOption clean_options[] = {
	{ "all", 'a', POPT_ARG_NONE, &all, 0, "remove all, and do not ask",
	  NULL },
	POPT_TABLEEND
};

const struct command cmd_list = {
	.name = "list",
	.group = COMMAND_CARE,
	.arguments = "[REC...]",
	.help = "list recordings here, what is recorded now, what was left",
	.more =
	    "\nWith REC: the recordings in that file, a line for each process.\n",
	.options = list_options,
	.run = run_list,
};

const struct command cmd_clean = {
	.name = "clean",
	.group = COMMAND_CARE,
	.arguments = "",
	.help = "remove what runs left behind",
	.options = clean_options,
	.run = run_clean,
};
