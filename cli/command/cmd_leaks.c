/* SPDX-License-Identifier: MIT */
/* refknot leaks: lost blocks that nothing points at. */
#include "cmd_report.h"
#include "command.h"
#include "findings.h"
#include "options.h"

static int possible;

static int run(const char **arguments)
{
	unsigned kinds = 1u << FINDING_LEAK;

	if (possible)
		kinds |= 1u << FINDING_POSSIBLE;
	return cmd_report_kinds(arguments, kinds, 0);
}

static const struct poptOption options[] = {
	{ "possible", 'p', POPT_ARG_NONE, &possible, 0,
	  "show possible leaks too: blocks held by a pointer into their middle only",
	  NULL },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_STACKS,
	OPTIONS_BRIEF,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_leaks = {
	.name = "leaks",
	.group = COMMAND_FINDINGS,
	.arguments = "[REC...]",
	.help = "list leaks only",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
