/* SPDX-License-Identifier: MIT */
/* die() and warn() of a target: to die is a fault, and warnings are many. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "wraps.h"

void __wrap_die(int status, const char *format, ...)
{
	va_list arguments;

	(void)status;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	abort();
}

void __wrap_warn(const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		abort();
	free(escape(text));
	free(text);
}
