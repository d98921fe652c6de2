/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* "/bin:/usr/bin" where PATH is unset, as execvp(3); the caller frees it. */
static char *search_path(void)
{
	const char *path = getenv("PATH");
	char preset[64];

	if (path)
		return xstrdup(path);
	confstr(_CS_PATH, preset, sizeof(preset));
	return xstrdup(preset);
}

static char *search(const char *name, int *error)
{
	char *path = search_path(), *rest = path, *found = NULL, *part;

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

static ssize_t read_head(const char *path, char head[HEAD_SIZE + 1])
{
	int fd = regular_file_open(path);
	ssize_t size;

	if (fd < 0)
		return -1;
	size = read(fd, head, HEAD_SIZE);
	close(fd);
	if (size >= 0)
		head[size] = '\0';
	return size;
}

/* What env(1) would start: its first word that is no option or assignment. */
static char *env_program(char *words)
{
	char *word;

	while ((word = strsep(&words, " \t"))) {
		/* -S, --split-string: its text are words like these */
		if (*word && *word != '-' && !strchr(word, '='))
			return xstrdup(word);
	}
	return NULL;
}

char *program_interpreter(const char *path)
{
	char head[HEAD_SIZE + 1], *line = head + 2, *word, *name, *base;

	if (read_head(path, head) < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	word = strsep(&line, " \t");
	if (!*word)
		return NULL;
	base = strrchr(word, '/');
	name = line && !strcmp(base ? base + 1 : word, "env")
		   ? env_program(line)
		   : NULL;
	return name ? name : xstrdup(word);
}
