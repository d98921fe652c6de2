/* SPDX-License-Identifier: MIT */
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "progress.h"

static void say(const char *format, va_list arguments)
{
	char *raw = xvasprintf(format, arguments);
	char *shown = escape(raw);

	progress_clear();
	fflush(stdout);
	fprintf(stderr, "refknot: %s\n", shown);
	free(shown);
	free(raw);
}

void die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	quit(status);
}

void warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}
