/* SPDX-License-Identifier: MIT */
#include "called.h"

#include <stdbool.h>
#include <string.h>

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

/* /proc/self/exe, /dev/fd/3 */
static bool is_of_descriptor(const char *path)
{
	return !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/fd/", 8);
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
	const char *name = base_name(argument);

	while (*name == '-')
		name++;
	return is_name(name) && !is_of_descriptor(argument)
		   ? name
		   : base_name(program);
}
