/* SPDX-License-Identifier: MIT */
#include "xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"

void (*quit_first)(void);

void quit(int status)
{
	fflush(NULL);
	if (quit_first)
		quit_first();
	_exit(status);
}

static void __attribute__((noreturn)) out_of_memory(void)
{
	fputs("refknot: out of memory\n", stderr);
	quit(STATUS_INPUT);
}

static void *xmalloc_checked(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

void *xmalloc(size_t size)
{
	return xmalloc_checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return xmalloc_checked(calloc(count ? count : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	return xmalloc_checked(
	    reallocarray(p, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return xmalloc_checked(strdup(s));
}

char *xstrndup(const char *s, size_t most)
{
	return xmalloc_checked(strndup(s, most));
}

char *xvasprintf(const char *format, va_list arguments)
{
	char *s;

	if (vasprintf(&s, format, arguments) < 0)
		out_of_memory();
	return s;
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *s;

	va_start(arguments, format);
	s = xvasprintf(format, arguments);
	va_end(arguments);
	return s;
}
