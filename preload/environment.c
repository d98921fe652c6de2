/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define SHIM "librefknot_preload.so"

extern void *__libc_stack_end; /* of the dynamic loader: points at argc */

char *const *environment_arguments(void)
{
	return (char *const *)__libc_stack_end + 1;
}

char *const *environment_variables(void)
{
	return environment_arguments() + *(const long *)__libc_stack_end + 1;
}

bool environment_is_secure(void)
{
	return getauxval(AT_SECURE);
}

/* The list's element that names this library, or NULL. */
static char *find_shim(char *list)
{
	for (char *p = list; *p;) {
		size_t size = strcspn(p, " :");
		size_t name = sizeof(SHIM) - 1;

		if (size >= name && memcmp(p + size - name, SHIM, name) == 0)
			return p;
		p += size + strspn(p + size, " :");
	}
	return NULL;
}

void environment_drop_preload(void)
{
	for (char **e = __environ; e && *e; e++) {
		char *list = *e + sizeof("LD_PRELOAD=") - 1, *shim, *rest;

		if (strncmp(*e, "LD_PRELOAD=", sizeof("LD_PRELOAD=") - 1) != 0)
			continue;
		shim = find_shim(list);
		if (!shim)
			return;
		rest = shim + strcspn(shim, " :");
		rest += strspn(rest, " :");
		memmove(shim, rest, strlen(rest) + 1);
		for (; !*list && *e; e++)
			e[0] = e[1];
		return;
	}
}
