/* SPDX-License-Identifier: MIT */
#include "root_path.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmalloc.h"

#define MOST_LINKS 40 /* as the kernel follows */

/* Cuts the last part off `path`, but nothing of its first `root` bytes. */
static void go_up(char *path, size_t root)
{
	char *slash = strrchr(path + root, '/');

	if (slash)
		*slash = '\0';
}

/* Goes on by one part; the size of `target` if that is a link, else 0. */
static int go_on(char **path, size_t root, const char *part, int length,
		 char target[PATH_MAX])
{
	char *next;
	ssize_t size;

	if (length == 1 && *part == '.')
		return 0;
	if (length == 2 && !memcmp(part, "..", 2)) {
		go_up(*path, root);
		return 0;
	}
	next = xasprintf("%s/%.*s", *path, length, part);
	free(*path);
	*path = next;
	size = readlink(next, target, PATH_MAX);
	return size > 0 && size < PATH_MAX ? (int)size : 0;
}

char *root_path(const char *root, const char *path)
{
	size_t top = root ? strlen(root) : 0;
	char *done, *rest, *next, target[PATH_MAX];
	unsigned links = 0;

	if (!root)
		return xstrdup(path);
	while (top && root[top - 1] == '/')
		top--;
	done = xstrndup(root, top);
	rest = xstrdup(path);
	while (done && rest[strspn(rest, "/")]) {
		const char *part = rest + strspn(rest, "/");
		size_t length = strcspn(part, "/");
		int size = go_on(&done, top, part, (int)length, target);

		next = xasprintf("%.*s%s", size, target, part + length);
		if (size && target[0] == '/')
			done[top] = '\0';
		else if (size)
			go_up(done, top);
		links += size != 0;
		free(rest);
		rest = next;
		if (links > MOST_LINKS) {
			free(done);
			done = NULL;
		}
	}
	free(rest);
	return done;
}
