/* SPDX-License-Identifier: MIT */
#include "called.h"

#include <string.h>

const char *called_base(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

const char *called_name(const char *argument, const char *program)
{
	const char *name = called_base(argument), *end;

	while (*name == '-')
		name++;
	for (end = name; (unsigned char)*end > ' ' && *end != 0x7f;)
		end++;
	/* Of a descriptor: /proc/self/exe, /dev/fd/3. */
	return *name && !*end && strncmp(argument, "/proc/", 6) &&
		       strncmp(argument, "/dev/fd/", 8)
		   ? name
		   : called_base(program);
}
