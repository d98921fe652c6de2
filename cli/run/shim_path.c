/* SPDX-License-Identifier: MIT */
#include "shim_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "path_safety.h"

#define SHIM_NAME  "librefknot_preload.so"
#define SEPARATORS " :" /* of LD_PRELOAD */

/* Relative to the directory of this executable. */
static const char *const places[] = {
	"../preload/" SHIM_NAME, /* build tree: cli/refknot */
	"../" SHIM_LIBDIR "/refknot/" SHIM_NAME,
};

static char *beside_executable(const char *place)
{
	char exe[PATH_MAX], *file, *real;
	ssize_t size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (size < 0)
		return NULL;
	exe[size] = '\0';
	*strrchr(exe, '/') = '\0';
	file = xasprintf("%s/%s", exe, place);
	real = realpath(file, NULL);
	free(file);
	return real;
}

char *shim_path(void)
{
	const char *told = getenv("REFKNOT_SHIM");
	char *path = NULL;

	if (told && *told)
		return realpath(told, NULL);
	for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
		path = beside_executable(places[i]);
	return path ? path : realpath(SHIM_DIR "/" SHIM_NAME, NULL);
}

char *shim_path_link(const char *path, int *error)
{
	const char *parent = getenv("TMPDIR");
	char *directory, *link;

	*error = 0;
	if (!strpbrk(path, SEPARATORS))
		return NULL;
	/* Who could put another library there would run in the program. */
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
