/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_name.h"
#include "die.h"
#include "regular_file.h"

#define HEAD_SIZE 256 /* of a script; the kernel looks at no more */

static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return EACCES;
	return 0;
}

static char *search(const char *name, int *error)
{
	const char *set = getenv("PATH");
	char preset[64], *path, *rest, *found = NULL, *part;

	if (!set) /* "/bin:/usr/bin", as execvp(3) */
		confstr(_CS_PATH, preset, sizeof(preset));
	path = rest = xstrdup(set ? set : preset);
	*error = ENOENT;
	while (!found && (part = strsep(&rest, ":"))) {
		char *file = xasprintf("%s%s%s", part, *part ? "/" : "", name);
		int e = check(file);

		if (!e)
			found = file;
		else
			free(file);
		if (e == EACCES)
			*error = EACCES;
	}
	free(path);
	return found;
}

char *program_find(const char *name, int *error)
{
	if (!*name) {
		*error = ENOENT;
		return NULL;
	}
	if (!strchr(name, '/'))
		return search(name, error);
	*error = check(name);
	return *error ? NULL : xstrdup(name);
}

char *program_interpreter(const char *path)
{
	char head[HEAD_SIZE + 1], *line = head + 2, *interpreter, *word;
	int fd = regular_file_open(path);
	ssize_t size = fd < 0 ? -1 : read(fd, head, HEAD_SIZE);

	if (fd >= 0)
		close(fd);
	if (size < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	interpreter = strsep(&line, " \t");
	if (!*interpreter)
		return NULL;
	/* env(1) would start its first word that is neither an option nor an
	 * assignment; the text of -S, --split-string are words like these. */
	while (!strcmp(base_name(interpreter), "env") &&
	       (word = strsep(&line, " \t")))
		if (*word && *word != '-' && !strchr(word, '='))
			return xstrdup(word);
	return xstrdup(interpreter);
}
