/* SPDX-License-Identifier: MIT */
#include "path_safety.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_theirs(const char *directory)
{
	struct stat st;

	if (stat(directory, &st))
		return true;
	return (st.st_uid && st.st_uid != geteuid()) ||
	       (st.st_mode & 022 && !(st.st_mode & S_ISVTX));
}

bool path_safety_replaceable(const char *directory)
{
	char *path = realpath(directory, NULL), *slash;
	bool can = !path || is_theirs("/");

	while (!can && (slash = strrchr(path, '/'))) {
		can = *path && is_theirs(path);
		*slash = '\0';
	}
	free(path);
	return can;
}
