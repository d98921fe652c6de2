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

const char *called_script(const char *executed, char *const *arguments)
{
	const char *name = called_base(executed);

	if (!*name || !arguments[0] || !strcmp(arguments[0], executed) ||
	    !strncmp(executed, "/proc/", 6) ||
	    !strncmp(executed, "/dev/fd/", 8))
		return NULL;
	for (int i = 1; i <= 2 && arguments[i]; i++)
		if (!strcmp(arguments[i], executed))
			return name;
	return NULL;
}
