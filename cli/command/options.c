/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "brief.h"
#include "cache.h"
#include "command.h"
#include "debug_file.h"
#include "debug_servers.h"
#include "die.h"
#include "escape.h"
#include "report.h"

const char **options_program;
static char *format;
static char *limit;
static char *sysroot;

struct poptOption options_format_table[] = {
	{ "format", 'f', POPT_ARG_STRING, &format, 0,
	  "text for people (the default) or json for programs", "text|json" },
	POPT_TABLEEND
};

struct poptOption options_limit_table[] = {
	{ "limit", 'n', POPT_ARG_STRING, &limit, 0,
	  "show at most N rows, 0 for all; the default is 10 findings or 20 rows for text, all for json",
	  "N" },
	POPT_TABLEEND
};

struct poptOption options_servers_table[] = {
	{ "debuginfod", 0, POPT_ARG_STRING, &debug_servers_option, 0,
	  "ask these servers for debug information that is not here; '' asks none; the default is $DEBUGINFOD_URLS",
	  "URLS" },
	POPT_TABLEEND
};

struct poptOption options_places_table[] = {
	OPTIONS_SERVERS,
	{ "sysroot", 0, POPT_ARG_STRING, &sysroot, 0,
	  "take programs, libraries and debug information from DIR, a copy of their machine's files, and not from this machine",
	  "DIR" },
	POPT_TABLEEND
};

struct poptOption options_symbols_table[] = {
	OPTIONS_PLACES,
	{ "no-symbol-cache", 0, POPT_ARG_NONE, &cache_is_off, 0,
	  "read all symbols anew, and keep none for the next time", NULL },
	POPT_TABLEEND
};

struct poptOption options_stacks_table[] = {
	{ "full", 0, POPT_ARG_NONE, &report_full, 0,
	  "print all that is known of each finding: every frame of its call stacks, its address, confidence, evidence and signature",
	  NULL },
	/* What version 0.3 called it. */
	{ "full-stacks", 0, POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN,
	  &report_full, 0, NULL, NULL },
	POPT_TABLEEND
};

struct poptOption options_brief_table[] = {
	{ "brief", 0, POPT_ARG_NONE, &brief_wanted, 0,
	  "answer in at most 4 KiB, one finding a line, with one next command",
	  NULL },
	POPT_TABLEEND
};

void options_check(void)
{
	char *root;
	struct stat st;

	if (!sysroot)
		return;
	root = realpath(sysroot, NULL);
	if (!root || stat(root, &st) || !S_ISDIR(st.st_mode))
		die(STATUS_INPUT,
		    "--sysroot is \"%s\"; give a directory that has a copy of the other machine's files",
		    escape(sysroot));
	debug_file_sysroot = root;
}

enum format options_format(void)
{
	static const char *const names[] = { "text", "json" };

	if (brief_wanted && format)
		die(STATUS_INPUT,
		    "--brief is a format of its own; give it or --format");
	return (enum format)options_choice("format", format, names, 2,
					   FORMAT_TEXT);
}

size_t options_limit(size_t preset)
{
	char *end;
	long number;

	if (!limit)
		return preset;
	errno = 0;
	number = strtol(limit, &end, 10);
	if (end == limit || *end || number < 0 || errno)
		die(STATUS_INPUT,
		    "--limit is \"%s\"; give a number, or 0 for all", limit);
	return (size_t)number;
}

size_t options_choice(const char *option, const char *value,
		      const char *const *names, size_t count, size_t preset)
{
	char *list;

	if (!value)
		return preset;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], value))
			return i;
	list = xstrdup(names[0]);
	for (size_t i = 1; i < count; i++)
		list = xasprintf("%s, %s", list, names[i]);
	die(STATUS_INPUT, "--%s is \"%s\"; it can be one of: %s", option,
	    escape(value), list);
}

/* 77 and 99 mean skipped and broken to test runners, 124 and above are
 * timeout(1)'s, the shell's and git bisect's. */
int options_error_status(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > 123 || value == 77 ||
	    value == 99)
		die(STATUS_INPUT,
		    "--error-exitcode is \"%s\"; give a number from 0 to 123 other than 77 and 99, which test runners take for skipped and broken",
		    text);
	return (int)value;
}
