/* SPDX-License-Identifier: MIT */
/* The command line: do what it asks for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "interrupt.h"
#include "invocation.h"
#include "launch.h"
#include "options.h"
#include "pager.h"
#include "shrinking.h"

static void print_commands(void)
{
	static const char *const titles[] = {
		[COMMAND_RECORD] = "Begin here",
		[COMMAND_FINDINGS] = "What is wrong",
		[COMMAND_ALIVE] = "What is alive, and why",
		[COMMAND_GATE] = "Tests and pipelines",
		[COMMAND_CARE] = "What refknot sees, and what it keeps",
	};

	puts("Usage: refknot COMMAND [OPTIONS] [ARGUMENTS]\n"
	     "       refknot ./PROGRAM [ARGUMENTS]        (refknot run)\n"
	     "       refknot FILE.rkn                     (refknot report)");
	for (int group = 0; group < COMMAND_GROUPS; group++) {
		printf("\n%s\n", titles[group]);
		for (size_t k = 0; invocation_commands[k]; k++) {
			const struct command *c = invocation_commands[k];

			if ((int)c->group == group)
				printf("  %-8s  %s\n", c->name, c->help);
		}
	}
	puts(
	    "\n`refknot COMMAND --help` lists options; `man refknot` explains words.");
}

static int obey(const struct invocation *i)
{
	switch (i->kind) {
	case INVOCATION_RUN:
		options_check();
		if (i->command->paged)
			pager_begin();
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
		print_commands();
		return STATUS_OK;
	case INVOCATION_NOTHING: /* a script's variable may be empty */
		print_commands();
		return STATUS_INPUT;
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
	interrupt_watch();
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
