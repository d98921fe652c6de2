/* SPDX-License-Identifier: MIT */
#include "invocation.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "nearest.h"
#include "options.h"
#include "parts.h"

const struct command *const invocation_commands[] = {
	&cmd_run,     &cmd_report, &cmd_leaks,    &cmd_cycles,  &cmd_refs,
	&cmd_balance, &cmd_show,   &cmd_why,      &cmd_objects, &cmd_timeline,
	&cmd_regions, &cmd_waste,  &cmd_diff,     &cmd_export,  &cmd_view,
	&cmd_check,   &cmd_steady, &cmd_memcheck, &cmd_info,    &cmd_doctor,
	&cmd_list,    &cmd_clean,  &cmd_complete, NULL,
};

enum { HELP = 1, USAGE }; /* what poptGetNextOpt returns for them */

static struct poptOption help_options[] = {
	{ "help", 'h', POPT_ARG_NONE, NULL, HELP, "list the options", NULL },
	{ NULL, '?', POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, NULL, HELP, NULL,
	  NULL },
	{ "usage", 0, POPT_ARG_NONE, NULL, USAGE, "list them in short", NULL },
	POPT_TABLEEND
};

/* The command's options, and those that every command has. */
static void open_options(struct invocation *i, int argc)
{
	static const struct poptOption none[] = { POPT_TABLEEND };
	static const struct poptOption end = POPT_TABLEEND;
	const struct command *c = i->command;
	/* popt takes writable tables, but writes to none. */
	union {
		const struct poptOption *table;
		void *argument;
	} own = { c->options ? c->options : none };
	char *usage = xasprintf("[OPTIONS] %s", c->arguments);

	i->all[0] = (struct poptOption){
		NULL,       0,   POPT_ARG_INCLUDE_TABLE, own.argument, 0,
		"Options:", NULL
	};
	i->all[1] = (struct poptOption){
		NULL, 0, POPT_ARG_INCLUDE_TABLE, help_options, 0, "Help:", NULL
	};
	i->all[2] = end;
	i->context =
	    poptGetContext("refknot", argc, i->argv, i->all,
			   c->program ? POPT_CONTEXT_POSIXMEHARDER : 0);
	if (!i->context)
		die(STATUS_INPUT, "out of memory");
	poptSetOtherOptionHelp(i->context, usage); /* keeps a copy */
	free(usage);
}

static void try_options(struct nearest *n, const struct poptOption *table)
{
	for (const struct poptOption *o = table;
	     o->longName || o->shortName || o->arg; o++)
		if ((o->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			try_options(n, o->arg);
		else if (o->longName && !(o->argInfo & POPT_ARGFLAG_DOC_HIDDEN))
			nearest_try(n, o->longName);
}

/* The option that "--fromat" may be meant for; NULL: none is near. */
static const char *meant_option(const struct invocation *i, const char *typed)
{
	struct nearest n;

	if (strncmp(typed, "--", 2))
		return NULL;
	nearest_begin(&n, typed + 2);
	try_options(&n, i->all);
	return n.word;
}

static void parse_options(struct invocation *i, int argc)
{
	const char *name = i->command->name;
	int result;

	open_options(i, argc);
	result = poptGetNextOpt(i->context);
	if (result == HELP) {
		i->kind = INVOCATION_OPTIONS;
	} else if (result == USAGE) {
		i->kind = INVOCATION_USAGE;
	} else if (result >= -1) {
		i->kind = INVOCATION_RUN;
		i->arguments = poptGetArgs(i->context);
	} else {
		const char *typed =
		    poptBadOption(i->context, POPT_BADOPTION_NOALIAS);
		const char *meant =
		    result == POPT_ERROR_BADOPT ? meant_option(i, typed) : NULL;
		char *bad = escape(typed);

		if (meant)
			i->message = xasprintf(
			    "%s: there is no option \"%s\"; did you mean --%s?",
			    name, bad, meant);
		else
			i->message =
			    xasprintf("%s: %s: %s; see refknot %s --help", name,
				      bad, poptStrerror(result), name);
		free(bad);
	}
}

/* The command's own argv: its name first, for the usage line. */
static void copy(struct invocation *i, int argc, char **argv)
{
	i->argv = xcalloc((size_t)argc + 1, sizeof(*i->argv));
	for (int n = 1; n < argc; n++)
		i->argv[n] = argv[n];
	i->name = xasprintf("refknot %s", i->command->name);
	i->argv[0] = i->name;
}

static bool is_help(const char *argument)
{
	return !strcmp(argument, "--help") || !strcmp(argument, "-h") ||
	       !strcmp(argument, "help");
}

static void parse_rest(struct invocation *i, int argc)
{
	int left = argc;

	/* The arguments end at "--", and a program follows; -1: none does. */
	for (int n = 1; n < left && i->command->after_dashes; n++)
		if (!strcmp(i->argv[n], "--")) {
			options_program = i->argv + n + 1;
			i->argv[n] = NULL;
			left = *options_program && **options_program ? n : -1;
		}
	if (left < 0) {
		options_program = NULL;
		i->message =
		    xasprintf("%s: name a program after --", i->command->name);
	} else if (i->command->group == COMMAND_HIDDEN ||
		   (i->command->raw && !(argc > 1 && is_help(i->argv[1])))) {
		i->kind = INVOCATION_RUN;
		i->arguments = i->argv + 1;
	} else {
		parse_options(i, left);
	}
}

/* One sentence on a first word that is no command. */
static char *not_a_command(const char *word)
{
	char *shown = escape(word), *text;
	struct nearest n;

	nearest_begin(&n, word);
	for (size_t k = 0; invocation_commands[k]; k++)
		if (invocation_commands[k]->group != COMMAND_HIDDEN)
			nearest_try(&n, invocation_commands[k]->name);
	if (word[0] == '-' || !*word)
		text = xasprintf("there is no %s \"%s\"; see refknot --help",
				 *word ? "option" : "command", shown);
	else if (n.word)
		text =
		    xasprintf("\"%s\" is not a command; did you mean \"%s\"?",
			      shown, n.word);
	else
		text = xasprintf(
		    "\"%s\" is not a command; to record a program of that name: refknot run %s",
		    shown, shown);
	free(shown);
	return text;
}

/* What a first word that is no command is: a program to run if it is a path, a
 * recording to report on; NULL: neither. */
static const char *command_of_path(const char *word)
{
	if (word[0] != '-' && parts_is_name(word))
		return "report";
	return strchr(word, '/') && word[0] != '-' ? "run" : NULL;
}

static void parse_command(struct invocation *i, int argc, char **argv)
{
	for (size_t n = 0; invocation_commands[n]; n++)
		if (!strcmp(invocation_commands[n]->name, argv[0]))
			i->command = invocation_commands[n];
	if (i->command) {
		copy(i, argc, argv);
		parse_rest(i, argc);
	} else {
		i->message = not_a_command(argv[0]);
	}
}

/* "./prog -x" is "run ./prog -x". */
static void parse_path(struct invocation *i, const char *command, int argc,
		       char **argv)
{
	char **turned = xcalloc((size_t)argc + 2, sizeof(*turned));
	char *name = xstrdup(command);

	turned[0] = name;
	for (int n = 0; n < argc; n++)
		turned[n + 1] = argv[n];
	parse_command(i, argc + 1, turned);
	free(name);
	free(turned);
}

void invocation_parse(struct invocation *i, int argc, char **argv)
{
	static char help[] = "--help";

	*i = (struct invocation){ .kind = INVOCATION_WRONG };
	options_program = NULL;
	complete_commands = invocation_commands;
	if (argc < 2) {
		i->kind = INVOCATION_NOTHING;
	} else if (!strcmp(argv[1], "--version")) {
		i->kind = INVOCATION_VERSION;
	} else if (!is_help(argv[1]) && memcheck_is_meant(argv + 1)) {
		i->command = &cmd_memcheck;
		copy(i, argc, argv);
		parse_rest(i, argc);
	} else if (command_of_path(argv[1])) {
		parse_path(i, command_of_path(argv[1]), argc - 1, argv + 1);
	} else if (!is_help(argv[1])) {
		parse_command(i, argc - 1, argv + 1);
	} else if (argc < 3 || is_help(argv[2])) {
		i->kind = INVOCATION_COMMANDS;
	} else { /* help COMMAND is COMMAND --help */
		char *turned[] = { argv[2], help, NULL };

		parse_command(i, 2, turned);
	}
}

void invocation_release(struct invocation *i)
{
	poptFreeContext(i->context);
	free(i->argv);
	free(i->name);
	free(i->message);
	*i = (struct invocation){ .kind = INVOCATION_WRONG };
}
