/* SPDX-License-Identifier: MIT */
/* refknot cycles: lost blocks that keep each other. */
#include "cmd_report.h"
#include "command.h"
#include "findings.h"
#include "options.h"

static int run(const char **arguments)
{
	return cmd_report_kinds(arguments, 1u << FINDING_CYCLE, 0);
}

static const struct poptOption options[] = { OPTIONS_LIMIT,   OPTIONS_BRIEF,
					     OPTIONS_FORMAT,  OPTIONS_STACKS,
					     OPTIONS_SYMBOLS, POPT_TABLEEND };

const struct command cmd_cycles = {
	.name = "cycles",
	.group = COMMAND_FINDINGS,
	.arguments = "[REC...]",
	.help = "list orphaned cycles only",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
