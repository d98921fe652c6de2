/* SPDX-License-Identifier: MIT */
#include "die.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "status.h"

void quit(int status)
{
	fflush(NULL);
	_exit(status);
}

static void __attribute__((noreturn)) out_of_memory(void)
{
	fputs("refknot: out of memory\n", stderr);
	quit(STATUS_INPUT);
}

static char *text(const char *format, va_list arguments)
{
	char *s;

	if (vasprintf(&s, format, arguments) < 0)
		out_of_memory();
	return s;
}

static void say(const char *format, va_list arguments)
{
	char *raw = text(format, arguments);
	char *shown = escape(raw);

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

static void *checked(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

/* A size of 0 is 1 here: NULL always means failure. */
void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	return checked(reallocarray(p, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t most)
{
	return checked(strndup(s, most));
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *s;

	va_start(arguments, format);
	s = text(format, arguments);
	va_end(arguments);
	return s;
}
