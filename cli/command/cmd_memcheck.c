/* SPDX-License-Identifier: MIT */
/*
 * refknot memcheck: where a build system wants Valgrind's memcheck. It takes
 * Valgrind's options, obeys those that have a meaning here and writes the log,
 * or the XML, that memcheck would; the program's status is the result.
 *
 *   refknot --log-file=F -q --tool=memcheck --leak-check=yes PROG ARGS   (ctest)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "gate_judge.h"
#include "gate_options.h"
#include "gate_run.h"
#include "gate_writers.h"

static struct suppressions suppressions;
static struct gate gate;
static const char *log_file, *xml_file;
static bool xml, quiet, possible;

/* What follows "--NAME=" in `argument`; NULL: it is another option. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) || argument[length] != '='
		   ? NULL
		   : argument + length + 1;
}

/* The options that say where the result goes. */
static void take_target(const char *argument)
{
	const char *value;

	if ((value = value_of(argument, "--log-file")))
		log_file = value;
	else if ((value = value_of(argument, "--xml-file")))
		xml_file = value;
	else if ((value = value_of(argument, "--xml")))
		xml = !strcmp(value, "yes");
}

/* The others. Ignores options without a meaning here. */
static void take(const char *argument)
{
	const char *value;
	uint64_t n;

	if ((value = value_of(argument, "--suppressions")))
		suppress_add_file(&suppressions, value);
	else if ((value = value_of(argument, "--error-exitcode"))) {
		n = gate_options_count("error-exitcode", value);
		gate.options.error_status = n > 255 ? 255 : (int)n;
	} else if ((value = value_of(argument, "--tool")) &&
		   strcmp(value, "memcheck"))
		die(STATUS_INPUT,
		    "memcheck: --tool=%s: refknot replaces only memcheck",
		    value);
	else if ((value = value_of(argument, "--trace-children-skip")))
		gate_patterns_add(&gate.options.programs.skip,
				  "trace-children-skip", value);
	else if ((value = value_of(argument, "--errors-for-leak-kinds")) ||
		 (value = value_of(argument, "--show-leak-kinds")))
		possible |= /* "definite,possible", "all" */
		    strstr(value, "possible") || !strcmp(value, "all");
	else if ((value = value_of(argument, "--show-possibly-lost")))
		possible |= !strcmp(value, "yes");
	else if (!strcmp(argument, "--trace-children=no"))
		setenv("REFKNOT_CHILDREN", "0", 1);
	else if (!strcmp(argument, "-q") || !strcmp(argument, "--quiet"))
		quiet = true;
}

/* "%p" is the process, "%%" a percent sign. */
static char *expand(const char *name)
{
	char *text = xstrdup("");

	for (; *name; name++) {
		char *longer;

		if (name[0] == '%' && name[1] == 'p') {
			longer = xasprintf("%s%d", text, (int)getpid());
			name++;
		} else {
			name += name[0] == '%' && name[1] == '%';
			longer = xasprintf("%s%c", text, *name);
		}
		free(text);
		text = longer;
	}
	return text;
}

/* Where the result goes; NULL: to the standard error. */
static const char *target(void)
{
	return xml && xml_file ? xml_file : log_file;
}

static void write_result(const struct gate *g)
{
	char *path = target() ? expand(target()) : NULL;
	FILE *out = path ? fopen(path, "we") : stderr;

	if (!out)
		die(STATUS_INPUT, "%s cannot be written: %s", path,
		    strerror(errno));
	if (xml)
		gate_write_valgrind_xml(out, g);
	else
		gate_write_valgrind_log(out, g);
	if (ferror(out) | (path ? fclose(out) : fflush(out)))
		die(STATUS_INPUT, "%s cannot be written: %s",
		    path ? path : "the standard error", strerror(errno));
	free(path);
}

/* The end of the options, which begin at `arguments`: the program. */
static const char **program_of(const char **arguments)
{
	while (arguments && *arguments && **arguments == '-')
		if (!strcmp(*arguments++, "--"))
			break;
	return arguments;
}

static int run(const char **arguments)
{
	const char **program = program_of(arguments);
	struct gate none;
	int status;

	for (const char **a = arguments; a != program; a++)
		take_target(*a);
	/* Until the program has ended, its log says that nothing is known:
	 * whatever keeps it from being run or looked at, as suppressions that
	 * cannot be read, a reader of logs does not miss it. */
	if (target() && program && *program) {
		gate_open(&none, &suppressions);
		gate_add_incomplete(
		    &none, *program, NULL, (uint32_t)getpid(), 0,
		    "it was not run, or not recorded: its output says why");
		gate_judge(&none, STATUS_NO_RUN);
		write_result(&none);
		gate_close(&none);
	}
	gate_open(&gate, &suppressions);
	gate.options.error_status = STATUS_OK;
	for (; arguments != program; arguments++)
		if (strcmp(*arguments, "--") != 0)
			take(*arguments);
	if (!arguments || !*arguments)
		die(STATUS_INPUT,
		    "memcheck: name the program to run, after the options");
	if (possible)
		gate.options.kinds |= 1u << FINDING_POSSIBLE;
	suppress_add_built_in(&suppressions);
	gate.sources = sources_open("/");
	status = gate_run(&gate, arguments, NULL);
	gate_judge(&gate, status);
	if (xml || !quiet || log_file || gate.verdict.failed)
		write_result(&gate);
	status = gate.verdict.status;
	gate_close(&gate);
	suppress_release(&suppressions);
	sources_close(gate.sources);
	return status;
}

bool memcheck_is_meant(char *const *arguments)
{
	static const char *const names[] = { "--log-file",
					     "--tool",
					     "--leak-check",
					     "--xml",
					     "--xml-file",
					     "--error-exitcode",
					     "--suppressions",
					     "--trace-children",
					     "--trace-children-skip",
					     "--num-callers",
					     "--show-reachable",
					     "--show-leak-kinds",
					     "--track-origins",
					     "--errors-for-leak-kinds",
					     "--show-possibly-lost" };

	for (; *arguments && **arguments == '-' && strcmp(*arguments, "--");
	     arguments++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (value_of(*arguments, names[i]))
				return true;
	return false;
}

const struct command cmd_memcheck = {
	.name = "memcheck",
	.group = COMMAND_GATE,
	.arguments = "[VALGRIND'S OPTIONS] PROG",
	.help = "replace Valgrind's memcheck in a build system such as ctest",
	.run = run,
	.program = true,
	.raw = true,
};
