/* SPDX-License-Identifier: MIT */
/* Command lines: argv[1] and what follows, each ending at a NUL. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "invocation.h"
#include "options_reset.h"
#include "wraps.h"

#define MOST 64 /* arguments */

/* popt forgets the value of an option that is given twice. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpopt";
}

static void look(const struct invocation *i)
{
	input_need((i->kind == INVOCATION_WRONG) == (i->message != NULL));
	if (i->message)
		input_need(!strchr(i->message, '\n'));
	if (i->kind == INVOCATION_RUN || i->kind == INVOCATION_OPTIONS ||
	    i->kind == INVOCATION_USAGE)
		input_need(i->command && (i->context || i->command->raw));
	for (const char **a = i->arguments; a && *a; a++)
		input_need(strlen(*a) < SIZE_MAX);
}

static void print_help(const struct invocation *i)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	input_need(nowhere);
	if (i->kind == INVOCATION_OPTIONS)
		poptPrintHelp(i->context, nowhere, 0);
	else if (i->kind == INVOCATION_USAGE)
		poptPrintUsage(i->context, nowhere, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[MOST + 1] = { NULL }, *copy;
	int argc = (int)input_texts(data, size, argv + 1, MOST, &copy) + 1;
	static char name[] = "refknot";
	struct invocation i;

	argv[0] = name;
	invocation_parse(&i, argc, argv);
	look(&i);
	print_help(&i);
	options_reset(i.command);
	invocation_release(&i);
	free(copy);
	return 0;
}
