/* SPDX-License-Identifier: MIT */
#include "called.h"

#include <stdbool.h>
#include <string.h>

const char *called_base(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

static bool is_name(const char *text)
{
	const char *c = text;

	while ((unsigned char)*c > ' ' && *c != 0x7f)
		c++;
	return *text && !*c;
}

const char *called_name(const char *argument, const char *program)
{
	const char *name = called_base(argument);

	while (*name == '-')
		name++;
	return is_name(name) && (strncmp(argument, "/proc/", 6) &&
				 strncmp(argument, "/dev/fd/", 8))
		   ? name
		   : called_base(program);
}
