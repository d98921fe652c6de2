/* SPDX-License-Identifier: MIT */
/* The command line: which command, and its options from its table. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "escape.h"

static const struct command *const commands[] = {
	&cmd_run,   &cmd_report,   &cmd_leaks,   &cmd_cycles,  &cmd_refs,
	&cmd_show,  &cmd_balance,  &cmd_objects, &cmd_regions, &cmd_diff,
	&cmd_check, &cmd_memcheck, &cmd_steady,  &cmd_info,    &cmd_doctor,
};

const char **command_program;

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(FILE *out)
{
	fputs("Usage: refknot COMMAND [OPTIONS] [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %-27s %s\n", commands[i]->name,
			commands[i]->arguments, commands[i]->help);
	fputs(
	    "\n`refknot COMMAND --help` tells a command's options, `refknot --version` the version.\n",
	    out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

enum { HELP = 1, USAGE }; /* what poptGetNextOpt returns for them */

static struct poptOption help_options[] = {
	{ "help", 'h', POPT_ARG_NONE, NULL, HELP, "list the options", NULL },
	{ NULL, '?', POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, NULL, HELP, NULL,
	  NULL },
	{ "usage", 0, POPT_ARG_NONE, NULL, USAGE, "list them in short", NULL },
	POPT_TABLEEND
};

static bool is_help(const char *argument)
{
	return !strcmp(argument, "--help") || !strcmp(argument, "-h") ||
	       !strcmp(argument, "help");
}

/* The command's options, and those that every command has. */
static poptContext open_options(const struct command *c, int argc,
				const char **argv, struct poptOption *all)
{
	static const struct poptOption none[] = { POPT_TABLEEND };
	static const struct poptOption end = POPT_TABLEEND;
	/* popt takes writable tables, but writes to none. */
	union {
		const struct poptOption *table;
		void *argument;
	} own = { c->options ? c->options : none };
	poptContext context;
	char *usage = xasprintf("[OPTIONS] %s", c->arguments);

	all[0] = (struct poptOption){ NULL,         0, POPT_ARG_INCLUDE_TABLE,
				      own.argument, 0, "Options:",
				      NULL };
	all[1] = (struct poptOption){
		NULL, 0, POPT_ARG_INCLUDE_TABLE, help_options, 0, "Help:", NULL
	};
	all[2] = end;
	context = poptGetContext("refknot", argc, argv, all,
				 c->program ? POPT_CONTEXT_POSIXMEHARDER : 0);
	if (!context)
		die(STATUS_INPUT, "out of memory");
	poptSetOtherOptionHelp(context, usage); /* keeps a copy */
	free(usage);
	return context;
}

static int run(const struct command *c, int argc, const char **argv)
{
	struct poptOption all[3];
	char *name = xasprintf("refknot %s", c->name);
	poptContext context;
	int result, status;

	if (c->raw && !(argc > 1 && is_help(argv[1]))) {
		free(name);
		return c->run(argv + 1);
	}
	argv[0] = name; /* for the usage line */
	context = open_options(c, argc, argv, all);
	result = poptGetNextOpt(context);
	if (result < -1)
		die(STATUS_INPUT, "%s: %s: %s; see refknot %s --help", c->name,
		    escape(poptBadOption(context, POPT_BADOPTION_NOALIAS)),
		    poptStrerror(result), c->name);
	if (result == HELP)
		poptPrintHelp(context, stdout, 0);
	else if (result == USAGE)
		poptPrintUsage(context, stdout, 0);
	status = result > 0 ? STATUS_OK : c->run(poptGetArgs(context));
	poptFreeContext(context);
	free(name);
	return status;
}

/* Cut argv at "--", and keep what stands behind it. */
static int split(const struct command *c, int argc, const char **argv)
{
	for (int i = 1; i < argc && c->after_dashes; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (!argv[i + 1] || !*argv[i + 1])
			die(STATUS_INPUT, "%s: name a program after --",
			    c->name);
		argv[i] = NULL;
		command_program = argv + i + 1;
		return i;
	}
	return argc;
}

/* popt wants an array of constant texts. */
static int run_copy(const struct command *c, int argc, char **argv)
{
	const char **copy = xcalloc((size_t)argc + 1, sizeof(*copy));
	int status;

	for (int i = 0; i < argc; i++)
		copy[i] = argv[i];
	status = run(c, split(c, argc, copy), copy);
	free(copy);
	return status;
}

static int finish(int status)
{
	if (fflush(stdout))
		die(STATUS_INPUT, "standard output cannot be written: %s",
		    strerror(errno));
	if (ferror(stdout))
		die(STATUS_INPUT,
		    "not all could be written to standard output");
	return status;
}

/* libelf maps binaries, and whoever links one anew may cut it short. */
static void cut_short(int number)
{
	static const char text[] =
	    "refknot: a binary or debug file was cut short while it was read; try again when it is complete\n";

	(void)number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(STATUS_INPUT);
}

/* What is ignored stays so: a program inherits it. */
static void watch_files(void)
{
	const struct sigaction ours = { .sa_handler = cut_short };
	struct sigaction theirs;

	if (!sigaction(SIGBUS, NULL, &theirs) && theirs.sa_handler == SIG_DFL)
		sigaction(SIGBUS, &ours, NULL);
}

int main(int argc, char **argv)
{
	static char help[] = "--help";
	const struct command *c;

	watch_files();

	if (argc < 2)
		die(STATUS_INPUT, "name a command; see refknot --help");
	if (!strcmp(argv[1], "--version")) {
		puts("refknot " REFKNOT_VERSION);
		return finish(STATUS_OK);
	}
	if (is_help(argv[1]) && (argc < 3 || is_help(argv[2]))) {
		print_help(stdout);
		return finish(STATUS_OK);
	}
	if (is_help(argv[1])) { /* help COMMAND is COMMAND --help */
		argv[1] = argv[2];
		argv[2] = help;
		argc = 3;
	}
	if (memcheck_is_meant(argv[1]))
		return finish(run_copy(&cmd_memcheck, argc, argv));
	c = find(argv[1]);
	if (!c)
		die(STATUS_INPUT, "there is no %s \"%s\"; see refknot --help",
		    argv[1][0] == '-' ? "option" : "command", escape(argv[1]));
	return finish(run_copy(c, argc - 1, argv + 1));
}
