/* SPDX-License-Identifier: MIT */
/* The command line: do what it asks for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "invocation.h"
#include "launch.h"
#include "options.h"
#include "shrinking.h"

static int obey(const struct invocation *i)
{
	switch (i->kind) {
	case INVOCATION_RUN:
		options_check();
		return i->command->run(i->arguments);
	case INVOCATION_OPTIONS:
		poptPrintHelp(i->context, stdout, 0);
		if (i->command->more)
			fputs(i->command->more, stdout);
		return STATUS_OK;
	case INVOCATION_USAGE:
		poptPrintUsage(i->context, stdout, 0);
		return STATUS_OK;
	case INVOCATION_COMMANDS:
		puts("Usage: refknot COMMAND [OPTIONS] [ARGUMENTS]\n");
		for (size_t k = 0; invocation_commands[k]; k++)
			printf("  %-8s %-27s %s\n",
			       invocation_commands[k]->name,
			       invocation_commands[k]->arguments,
			       invocation_commands[k]->help);
		puts(
		    "\n`refknot COMMAND --help` tells a command's options, `refknot --version` the version.");
		return STATUS_OK;
	case INVOCATION_VERSION:
		puts("refknot " REFKNOT_VERSION);
		return STATUS_OK;
	case INVOCATION_WRONG:
	default:
		die(STATUS_INPUT, "%s", i->message);
	}
}

int main(int argc, char **argv)
{
	struct invocation i;
	int status;

	launch_ignore_size();
	shrinking_watch();
	invocation_parse(&i, argc, argv);
	status = obey(&i);
	invocation_release(&i);
	if (fflush(stdout))
		die(STATUS_INPUT, "standard output cannot be written: %s",
		    strerror(errno));
	if (ferror(stdout))
		die(STATUS_INPUT,
		    "not all could be written to standard output");
	return status;
}
