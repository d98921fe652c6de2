/* SPDX-License-Identifier: MIT */
/* refknot export: a recording in the formats of other tools. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "export.h"
#include "lives.h"
#include "options.h"
#include "output.h"
#include "parts.h"
#include "peak.h"
#include "recorded.h"
#include "recordings.h"
#include "wishes.h"

static char *format, *value, *by, *path;

/* --- What goes there ---------------------------------------------------------- */

static const char *why_unknown(const struct exporting *e,
			       const struct findings *f)
{
	if (profile_bytes(e->value) == PROFILE_PEAK_BYTES)
		return peak_why_unknown(e->in->m);
	if (profile_bytes(e->value) == PROFILE_TEMPORARY_BYTES)
		return lives_why_unknown(e->in->m);
	return f->why ? f->why : "that part of the recording is missing";
}

/* How exact the one value is. */
static void warn_of_error(const struct exporting *e)
{
	char *text = NULL;

	if (profile_bytes(e->value) == PROFILE_PEAK_BYTES)
		text = peak_error_text(e->in->m);
	else if (profile_bytes(e->value) == PROFILE_TEMPORARY_BYTES)
		text = xasprintf("%s is by samples of what was freed",
				 profile_kinds[e->value].name);
	if (text)
		warn("export: %s", text);
	free(text);
}

/* An empty flame graph looks like a fault. */
static void warn_of_nothing(const struct exporting *e)
{
	static const enum profile_value others[] = { PROFILE_PEAK_BYTES,
						     PROFILE_ALLOCATED_BYTES };

	if (profile_sum(e->profile, e->value))
		return;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (profile_sum(e->profile, others[i])) {
			warn(
			    "export: %s: no call stack has any; --value %s has some",
			    profile_kinds[e->value].name,
			    profile_kinds[others[i]].name);
			return;
		}
	warn("export: %s: no call stack has any", profile_kinds[e->value].name);
}

static void write_profile(FILE *out, const struct export_writer *w,
			  struct exporting e)
{
	struct wishes wishes;
	struct findings findings;
	struct profile profile;

	wishes_findings(&wishes, &findings, e.in);
	profile_make(&profile, e.in, &findings);
	if (w->flags & EXPORT_ONE_VALUE && !profile_knows(&profile, e.value))
		die(STATUS_INPUT, "export: %s is not known: %s",
		    profile_kinds[e.value].name, why_unknown(&e, &findings));
	if (w->flags & EXPORT_ONE_VALUE)
		warn_of_error(&e);
	e.findings = &findings;
	e.profile = &profile;
	if (w->flags & EXPORT_ONE_VALUE)
		warn_of_nothing(&e);
	w->write(out, &e);
	profile_release(&profile);
	findings_release(&findings);
	wishes_release(&wishes);
}

struct wanted {
	const struct export_writer *writer;
	struct exporting e;
};

static void visit(const struct reading *in, void *data)
{
	struct wanted *x = data;
	FILE *out = output_open("export", path);

	x->e.in = in;
	errno = 0;
	if (x->writer->flags & EXPORT_PROFILE)
		write_profile(out, x->writer, x->e);
	else
		x->writer->write(out, &x->e);
	output_close(out);
}

/* --- The command line ----------------------------------------------------------- */

static const struct export_writer *chosen(void)
{
	const struct export_writer *w = format ? export_find(format) : NULL;

	if (!format)
		die(STATUS_INPUT, "export: name a format with --format: %s",
		    EXPORT_NAMES);
	if (!w)
		die(STATUS_INPUT, "--format is \"%s\"; it can be one of: %s",
		    escape(format), EXPORT_NAMES);
	return w;
}

static enum profile_value chosen_value(const struct export_writer *w)
{
	const char *list[PROFILE_VALUES];
	enum profile_value chosen;

	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		list[v] = profile_kinds[v].name;
	chosen = (enum profile_value)options_choice(
	    "value", value, list, PROFILE_VALUES,
	    w->flags & EXPORT_TOTAL ? PROFILE_ALLOCATED_BYTES
				    : PROFILE_LIVE_BYTES);
	if (value && !(w->flags & EXPORT_ONE_VALUE))
		die(STATUS_INPUT, "export: --value is not for %s", w->name);
	if (w->flags & EXPORT_BYTES && !profile_kinds[chosen].bytes)
		die(STATUS_INPUT, "export: %s is about bytes; give --value %s",
		    w->name, profile_kinds[profile_bytes(chosen)].name);
	return chosen;
}

static enum group_by chosen_rows(const struct export_writer *w)
{
	if (by && !(w->flags & EXPORT_TABLE))
		die(STATUS_INPUT, "export: --by is not for %s", w->name);
	return (enum group_by)options_choice("by", by, group_by_names,
					     GROUP_BYS, GROUP_BY_TYPE);
}

static bool is_recording(const char *word)
{
	char *file = parts_file(word);
	bool is = parts_is_name(word) || !access(file, F_OK);

	free(file);
	return is;
}

/* A word that means no recording may be a WHAT, which the format does not take. */
static void check_recording(const char *word)
{
	char *pid = strspn(word, "0123456789") == strlen(word)
			? recorded_of_pid((uint32_t)strtoul(word, NULL, 10))
			: NULL;

	if (!pid && !is_recording(word) && !strchr(word, '/'))
		die(STATUS_INPUT,
		    "export: there is no recording %s here, and WHAT is for dot and graphml only",
		    escape(word));
	free(pid);
}

/* "[REC] [WHAT]": returns what is meant; the recording, if one is named, is in
 * `paths`. */
static const char *split(const char **arguments, const char *paths[2],
			 const struct export_writer *w)
{
	size_t count = 0;

	while (arguments && arguments[count])
		count++;
	if (count > 2 || (count == 2 && !(w->flags & EXPORT_OF)))
		die(STATUS_INPUT,
		    w->flags & EXPORT_OF
			? "export: give one recording and one WHAT"
			: "export: give one recording; WHAT is for dot and graphml only");
	if (count == 1 && !(w->flags & EXPORT_OF))
		check_recording(arguments[0]);
	if (count == 2 || (count == 1 && (!(w->flags & EXPORT_OF) ||
					  is_recording(arguments[0]))))
		paths[0] = arguments[0];
	if (count == 2)
		return arguments[1];
	return count == 1 && !paths[0] ? arguments[0] : NULL;
}

static int run(const char **arguments)
{
	struct wanted x = { .writer = chosen() };
	const char *paths[2] = { NULL, NULL };

	x.e.value = chosen_value(x.writer);
	x.e.by = chosen_rows(x.writer);
	x.e.of = split(arguments, paths, x.writer);
	if (output_is_standard(path) && x.writer->flags & EXPORT_BINARY &&
	    isatty(STDOUT_FILENO))
		die(STATUS_INPUT,
		    "export: %s is not text; name a file with --output",
		    x.writer->name);
	return recordings_each(paths, visit, &x);
}

static const struct poptOption options[] = {
	{ "format", 'f', POPT_ARG_STRING, &format, 0, EXPORT_NAMES, "FORMAT" },
	{ "output", 'o', POPT_ARG_STRING, &path, 0,
	  "write to FILE, not to the standard output", "FILE" },
	{ "value", 'v', POPT_ARG_STRING, &value, 0,
	  "of folded, heapprofile and dhat, which have one:" PROFILE_NAMES
	  "; live-bytes without this option, of dhat allocated-bytes",
	  "VALUE" },
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "what csv and json sum by; type without this option",
	  "type|site|function|file|size|root" },
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_export = {
	.name = "export",
	.group = COMMAND_ALIVE,
	.arguments = "--format=FORMAT [REC] [WHAT]",
	.help = "write a recording in the format of another tool",
	.more = COMMAND_NEWEST
	"\nWHAT is for dot and graphml: a finding or an object, as for\n"
	"refknot show. Without it they have the types.\n",
	.options = options,
	.run = run,
};
