/* SPDX-License-Identifier: MIT */
#include "shim_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_name.h"
#include "die.h"
#include "path_safety.h"

#define SHIM_NAME  "librefknot_preload.so"
#define SEPARATORS " :" /* of LD_PRELOAD */

/* Relative to the directory of this executable. */
static const char *const places[] = {
	"../preload/" SHIM_NAME, /* build tree: cli/refknot */
	"../" SHIM_LIBDIR "/refknot/" SHIM_NAME,
};

char *shim_path(void)
{
	const char *told = getenv("REFKNOT_SHIM");
	char exe[PATH_MAX], *path = NULL;
	ssize_t size;

	if (told && *told)
		return realpath(told, NULL);
	size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[size > 0 ? size : 0] = '\0';
	for (size_t i = 0;
	     size > 0 && !path && i < sizeof(places) / sizeof(places[0]); i++) {
		char *file = xasprintf("%.*s/%s", (int)(base_name(exe) - exe),
				       exe, places[i]);

		path = realpath(file, NULL);
		free(file);
	}
	return path ? path : realpath(SHIM_DIR "/" SHIM_NAME, NULL);
}

char *shim_path_link(const char *path, int *error)
{
	const char *parent = getenv("TMPDIR");
	char *directory, *link;

	*error = 0;
	if (!strpbrk(path, SEPARATORS))
		return NULL;
	/* Code of a user who could put another library there would run in the
	 * program. */
	if (!parent || *parent != '/' || strpbrk(parent, SEPARATORS) ||
	    path_safety_replaceable(parent))
		parent = "/tmp";
	if (path_safety_replaceable(parent)) {
		*error = EPERM;
		return NULL;
	}
	directory = xasprintf("%s/refknot-XXXXXX", parent);
	link =
	    mkdtemp(directory) ? xasprintf("%s/" SHIM_NAME, directory) : NULL;
	if (!link || symlink(path, link)) {
		*error = errno;
		if (link)
			rmdir(directory);
		free(link);
		link = NULL;
	}
	free(directory);
	return link;
}

void shim_path_unlink(char *link)
{
	if (!link)
		return;
	unlink(link);
	*strrchr(link, '/') = '\0';
	rmdir(link);
	free(link);
}
