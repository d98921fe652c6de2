/* SPDX-License-Identifier: MIT */
/*
 * refknot __complete WORDS...: what may replace the last word, for the
 * scripts in completion/.  One candidate a line, with a tab and a description
 * where there is one; or ":files", or ":command" for a program to run.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "command.h"
#include "export.h"
#include "gate_writers.h"
#include "groups.h"
#include "parts.h"
#include "peak.h"
#include "reading.h"
#include "recorded.h"
#include "runs.h"
#include "xmalloc.h"

const struct command *const *complete_commands;

#define MOST_NAMES 500 /* of one recording */

struct completion {
	const struct command *command;
	const char **words; /* behind the command */
	size_t count;
	const char *word; /* the last of them, which is completed */
	bool any;
};

static void offer(struct completion *c, const char *text, const char *about)
{
	if (strncmp(text, c->word, strlen(c->word)) != 0)
		return;
	if (about && *about)
		printf("%s\t%s\n", text, about);
	else
		puts(text);
	c->any = true;
}

/* --- Options --------------------------------------------------------------- */

/* Whether a row is an option, and not the end or another table. */
static bool is_option(const struct poptOption *o)
{
	unsigned kind = o->argInfo & POPT_ARG_MASK;

	return (o->longName || o->shortName) &&
	       kind != POPT_ARG_INCLUDE_TABLE && kind != POPT_ARG_CALLBACK &&
	       !(o->argInfo & POPT_ARGFLAG_DOC_HIDDEN);
}

static bool is_end(const struct poptOption *o)
{
	return !o->longName && !o->shortName && !o->arg;
}

static void offer_options(struct completion *c, const struct poptOption *table)
{
	for (const struct poptOption *o = table; o && !is_end(o); o++) {
		char *name;

		if ((o->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			offer_options(c, o->arg);
		if (!is_option(o) || !o->longName)
			continue;
		name = xasprintf("--%s", o->longName);
		offer(c, name, o->descrip);
		free(name);
	}
}

/* The option that `word` is; NULL: it is none. */
static const struct poptOption *find_option(const struct poptOption *table,
					    const char *word)
{
	const struct poptOption *found = NULL;

	for (const struct poptOption *o = table; o && !is_end(o) && !found;
	     o++) {
		if ((o->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			found = find_option(o->arg, word);
		else if (is_option(o) &&
			 ((o->longName && !strncmp(word, "--", 2) &&
			   !strcmp(word + 2, o->longName)) ||
			  (o->shortName && word[0] == '-' &&
			   word[1] == o->shortName && !word[2])))
			found = o;
	}
	return found;
}

static bool takes_value(const struct poptOption *o)
{
	return o && (o->argInfo & POPT_ARG_MASK) != POPT_ARG_NONE &&
	       (o->argInfo & POPT_ARG_MASK) != POPT_ARG_VAL;
}

/* --- What a recording has ----------------------------------------------------- */

/* Calls `f` with the recording that was named, or else the one that commands
 * read; nothing if it cannot be read. */
static void with_recording(struct completion *c,
			   void (*f)(struct completion *c,
				     const struct reading *in))
{
	char *newest = recorded_newest();
	const char *path = newest;
	struct cache *cache;
	struct reading in;
	struct model m;
	int error;

	for (size_t i = 0; i + 1 < c->count; i++)
		if (parts_is_name(c->words[i]))
			path = c->words[i];
	if (path) {
		error = model_load(&m, path); /* silently */
		if (!error || error == -ENODATA) {
			cache = cache_open();
			reading_open(&in, &m, cache);
			f(c, &in);
			reading_close(&in);
			cache_close(cache);
			model_release(&m);
		}
	}
	free(newest);
}

static void offer_groups(struct completion *c, const struct reading *in,
			 enum group_by by, const char *about, const char *end)
{
	struct groups g;

	groups_make(&g, in, by, GROUP_LIVE, GROUP_EVERYTHING);
	groups_sort(&g, GROUP_SORT_BYTES);
	for (size_t i = 0; i < g.count && i < MOST_NAMES; i++) {
		char *name = xasprintf("%s%s", g.list[i].key, end);

		offer(c, name, about);
		free(name);
	}
	groups_release(&g);
}

static void offer_objects(struct completion *c, const struct reading *in)
{
	offer_groups(c, in, GROUP_BY_TYPE, "object", "#1");
}

static void offer_types(struct completion *c, const struct reading *in)
{
	offer_groups(c, in, GROUP_BY_TYPE, "type", "");
}

static void offer_sites(struct completion *c, const struct reading *in)
{
	offer_groups(c, in, GROUP_BY_FUNCTION, "site", "");
}

static void offer_all(struct completion *c, const struct reading *in)
{
	offer_types(c, in);
	offer_sites(c, in);
}

static void offer_marks(struct completion *c, const struct reading *in)
{
	for (size_t i = 0; i < in->m->mark_count; i++)
		offer(c, model_name(in->m, in->m->marks[i].name), "mark");
}

static void offer_times(struct completion *c, const struct reading *in)
{
	static const char *const names[] = { "start", PEAK_NAME, END_NAME };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		offer(c, names[i], "time");
	offer_marks(c, in);
}

/* --- Words ------------------------------------------------------------------ */

static void offer_commands(struct completion *c)
{
	for (size_t i = 0; complete_commands[i]; i++)
		if (complete_commands[i]->group < COMMAND_GROUPS)
			offer(c, complete_commands[i]->name,
			      complete_commands[i]->help);
	offer(c, "help", "list the commands, or the options of one");
	if (*c->word == '-') {
		offer(c, "--help", "list the commands");
		offer(c, "--version", "print the version");
	}
}

/* What an option takes is said by its row: "text|json", "MARK", "FILE". Of numbers
 * and the like nothing is offered. */
static void offer_values(struct completion *c, const struct poptOption *o)
{
	const char *what = o->argDescrip ? o->argDescrip : "";

	if (islower(*what)) {
		char *list = xstrdup(what), *rest = NULL;

		for (char *one = strtok_r(list, "|", &rest); one;
		     one = strtok_r(NULL, "|", &rest))
			offer(c, one, NULL);
		free(list);
	} else if (!strcmp(what, "MARK|" PEAK_NAME)) {
		with_recording(c, offer_marks);
		offer(c, PEAK_NAME, "when most was alive");
	} else if (!strcmp(what, "TIME")) {
		with_recording(c, offer_times);
	} else if (!strcmp(what, "TYPE")) {
		with_recording(c, offer_types);
	} else if (!strcmp(what, "FUNCTION")) {
		with_recording(c, offer_sites);
	} else if (!strncmp(what, "FORMAT", 6) && c->command == &cmd_export) {
		for (const struct export_writer *w = export_writers; w->name;
		     w++)
			offer(c, w->name, NULL);
	} else if (!strcmp(what, "VALUE")) {
		for (unsigned v = 0; v < PROFILE_VALUES; v++)
			offer(c, profile_kinds[v].name, profile_kinds[v].title);
	} else if (!strncmp(what, "FORMAT", 6)) {
		for (size_t i = 0; i < gate_writer_count; i++)
			offer(c, gate_writers[i].name, NULL);
	} else if (!strcmp(what, "FILE") || !strcmp(what, "DIR")) {
		puts(":files");
	}
	c->any = true; /* nothing else may be there */
}

static void offer_recordings(struct completion *c)
{
	struct runs runs;

	runs_find(&runs, ".");
	for (size_t i = 0; i < runs.recording_count; i++)
		offer(c, runs.recordings[i].path + 2, "recording");
	runs_release(&runs);
}

/* Whether a program's command line has begun, and where: c->count if it begins
 * with the word that is completed; -1: it has not. */
static long program_at(const struct completion *c)
{
	const struct poptOption *options = c->command->options;

	for (size_t i = 0; i + 1 < c->count; i++)
		if (!strcmp(c->words[i], "--"))
			return (long)i + 1;
	if (!c->command->program)
		return -1;
	for (size_t i = 0; i < c->count; i++) {
		if (*c->words[i] != '-')
			return (long)i;
		if (takes_value(find_option(options, c->words[i])))
			i++;
	}
	return -1;
}

static void complete_arguments(struct completion *c)
{
	const char *takes = c->command->arguments;

	if (strstr(takes, "REC"))
		offer_recordings(c);
	if (strstr(takes, "WHAT"))
		with_recording(c, offer_all);
	else if (strstr(takes, "OBJECT"))
		with_recording(c, offer_objects);
	if (!c->any && *takes)
		puts(strstr(takes, "PROG") ? ":command" : ":files");
}

static void complete(struct completion *c)
{
	const struct poptOption *before = NULL;
	const char *equals = strchr(c->word, '=');
	long program = program_at(c);

	if (program >= 0) {
		puts((size_t)program + 1 == c->count ? ":command" : ":files");
		return;
	}
	if (c->count > 1)
		before =
		    find_option(c->command->options, c->words[c->count - 2]);
	if (takes_value(before)) {
		offer_values(c, before);
	} else if (*c->word == '-' && !equals) {
		offer_options(c, c->command->options);
		offer(c, "--help", "list the options");
	} else if (*c->word != '-') {
		complete_arguments(c);
	}
}

/* "--format" "=" "j", as bash has it, is "--format" "j". */
static size_t join(const char **words, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], "=") != 0 || i + 1 == count)
			words[n++] = words[i];
	if (n && !strcmp(words[n - 1], "="))
		words[n - 1] = "";
	return n;
}

static int run(const char **arguments)
{
	struct completion c = { .words = arguments };

	while (arguments && arguments[c.count])
		c.count++;
	if (!c.count)
		return STATUS_OK;
	c.count = join(arguments, c.count);
	c.word = arguments[c.count - 1];
	if (c.count == 1) {
		offer_commands(&c);
		if (!c.any)
			puts(":files");
		return STATUS_OK;
	}
	for (size_t i = 0; complete_commands[i]; i++)
		if (!strcmp(complete_commands[i]->name, arguments[0]))
			c.command = complete_commands[i];
	c.words++;
	c.count--;
	if (!strcmp(arguments[0], "help"))
		offer_commands(&c);
	else if (c.command)
		complete(&c);
	else
		puts(":files");
	return STATUS_OK;
}

const struct command cmd_complete = {
	.name = "__complete",
	.group = COMMAND_HIDDEN,
	.arguments = "WORDS...",
	.help = "list what may replace the last word",
	.run = run,
	.raw = true,
};
