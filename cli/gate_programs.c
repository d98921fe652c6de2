/* SPDX-License-Identifier: MIT */
#include "gate_programs.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"

/* What stands before a relative pattern matches itself alone. */
static char *quoted_directory(void)
{
	char *directory = getcwd(NULL, 0), *quoted, *to;

	if (!directory)
		die(STATUS_INPUT, "the working directory has no name: %s",
		    strerror(errno));
	quoted = to = xcalloc(2 * strlen(directory) + 1, 1);
	for (const char *c = directory; *c; c++) {
		if (strchr("\\*?[", *c))
			*to++ = '\\';
		*to++ = *c;
	}
	free(directory);
	return quoted;
}

static char *absolute(const char *pattern)
{
	char *directory, *whole;

	if (*pattern == '/' || *pattern == '*' || !strchr(pattern, '/'))
		return xstrdup(pattern);
	while (!strncmp(pattern, "./", 2))
		pattern += 2;
	directory = quoted_directory();
	whole = xasprintf("%s/%s", directory, pattern);
	free(directory);
	return whole;
}

void gate_patterns_add(struct gate_patterns *p, const char *option,
		       const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		if (!*word)
			die(STATUS_INPUT,
			    "--%s is \"%s\"; give patterns of programs with commas between them, such as 'test_*' or './*'",
			    option, text);
		p->list =
		    xreallocarray(p->list, p->count + 1, sizeof(*p->list));
		p->list[p->count++] = absolute(word);
	}
	free(copy);
}

static bool matches(const struct gate_patterns *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < p->count; i++)
		if (!fnmatch(p->list[i], strchr(p->list[i], '/') ? path : base,
			     0))
			return true;
	return false;
}

bool gate_programs_judge(const struct gate_programs *p, const char *path)
{
	return (!p->only.count || matches(&p->only, path)) &&
	       !matches(&p->skip, path);
}

static void release(struct gate_patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i]);
	free(p->list);
}

void gate_programs_release(struct gate_programs *p)
{
	release(&p->only);
	release(&p->skip);
}
