/* SPDX-License-Identifier: MIT */
/* refknot export: a recording in the formats of other tools. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "export.h"
#include "options.h"
#include "recordings.h"
#include "wishes.h"

static char *format, *value, *path;

struct exported {
	const struct export_writer *writer;
	enum profile_value value;
	const char *of;
	FILE *out;
};

static void visit(const struct reading *in, void *data)
{
	const struct exported *x = data;
	struct exporting e = { .in = in, .value = x->value, .of = x->of };
	struct wishes wishes;
	struct findings findings;
	struct profile profile;

	wishes_findings(&wishes, &findings, in);
	profile_make(&profile, in, &findings);
	if (x->writer->flags & EXPORT_ONE_VALUE &&
	    !profile_knows(&profile, x->value))
		die(STATUS_INPUT, "export: %s is not known of this recording",
		    profile_kinds[x->value].name);
	e.findings = &findings;
	e.profile = &profile;
	x->writer->write(x->out, &e);
	profile_release(&profile);
	findings_release(&findings);
	wishes_release(&wishes);
}

/* "folded, speedscope, ...", for the caller to free. */
static char *names(void)
{
	char *list = xstrdup("");

	for (const struct export_writer *w = export_writers; w->name; w++) {
		char *more =
		    xasprintf("%s%s%s", list, *list ? ", " : "", w->name);

		free(list);
		list = more;
	}
	return list;
}

static const struct export_writer *chosen(void)
{
	const struct export_writer *w = format ? export_find(format) : NULL;
	char *list;

	if (w)
		return w;
	list = names();
	if (format)
		die(STATUS_INPUT,
		    "export: there is no format \"%s\"; there are %s", format,
		    list);
	die(STATUS_INPUT, "export: name a format with --format: %s", list);
}

static enum profile_value chosen_value(const struct export_writer *w)
{
	const char *list[PROFILE_VALUES];

	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		list[v] = profile_kinds[v].name;
	if (value && !(w->flags & EXPORT_ONE_VALUE))
		die(STATUS_INPUT,
		    "export: %s has all values, or none; leave out --value",
		    w->name);
	return (enum profile_value)options_choice(
	    "value", value, list, PROFILE_VALUES, PROFILE_LIVE_BYTES);
}

static bool is_recording(const char *word)
{
	size_t size = strlen(word);

	return (size > strlen(".rkn") &&
		!strcmp(word + size - strlen(".rkn"), ".rkn")) ||
	       !access(word, F_OK);
}

/* "[REC] [WHAT]": sets what is meant, and leaves the recording in `paths`. */
static const char *split(const char **arguments, const char *paths[2],
			 const struct export_writer *w)
{
	size_t count = 0;

	while (arguments && arguments[count])
		count++;
	paths[0] = paths[1] = NULL;
	if (count > 2 || (count == 2 && !(w->flags & EXPORT_OF)))
		die(STATUS_INPUT, "export: give one recording");
	if (count && (count == 2 || !(w->flags & EXPORT_OF) ||
		      is_recording(arguments[0])))
		paths[0] = arguments[0];
	return count == 2	   ? arguments[1]
	       : count && !paths[0] ? arguments[0]
				   : NULL;
}

static int run(const char **arguments)
{
	struct exported x = { .writer = chosen(), .out = stdout };
	const char *paths[2];
	int status;

	x.value = chosen_value(x.writer);
	x.of = split(arguments, paths, x.writer);
	if (!path && x.writer->flags & EXPORT_BINARY && isatty(STDOUT_FILENO))
		die(STATUS_INPUT,
		    "export: %s is not text; name a file with --output",
		    x.writer->name);
	if (path && !(x.out = fopen(path, "we")))
		die(STATUS_INPUT, "export: %s cannot be written: %s", path,
		    strerror(errno));
	status = recordings_each(paths, visit, &x);
	if (ferror(x.out) || (path ? fclose(x.out) : fflush(x.out)))
		die(STATUS_INPUT, "export: the file cannot be written: %s",
		    strerror(errno));
	return status;
}

static const struct poptOption options[] = {
	{ "format", 'f', POPT_ARG_STRING, &format, 0,
	  "folded, speedscope, pprof, heapprofile, callgrind, heapsnapshot, dot, graphml, csv or html",
	  "FORMAT" },
	{ "output", 'o', POPT_ARG_STRING, &path, 0,
	  "write to FILE, not to the standard output", "FILE" },
	{ "value", 'v', POPT_ARG_STRING, &value, 0,
	  "what formats of one value have; live-bytes without this option",
	  "live-bytes|live-blocks|allocated-bytes|allocations|leaked-bytes|leaked-blocks" },
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_export = {
	.name = "export",
	.group = COMMAND_ALIVE,
	.arguments = "--format=FORMAT [REC] [WHAT]",
	.help = "write a recording in the format of another tool",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
};
