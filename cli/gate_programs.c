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

/* A path without any wildcard is followed to its end, others as far as their
 * last directory before one. NULL: no link is in it, or it is not there. */
static char *follow(const char *pattern)
{
	size_t plain = strcspn(pattern, "\\*?["), directory = plain;
	char *path, *end, *all = NULL;

	while (pattern[plain] && directory && pattern[directory] != '/')
		directory--;
	if (!directory)
		return NULL;
	path = xasprintf("%.*s", (int)directory, pattern);
	end = realpath(path, NULL);
	if (end && strcmp(end, path) && !strpbrk(end, "\\*?["))
		all = xasprintf("%s%s", end, pattern + directory);
	free(end);
	free(path);
	return all;
}

void gate_patterns_add(struct gate_patterns *p, const char *option,
		       const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		struct gate_pattern *one;

		if (!*word)
			die(STATUS_INPUT,
			    "--%s is \"%s\"; give patterns of programs with commas between them, such as 'test_*' or './*'",
			    option, text);
		p->list =
		    xreallocarray(p->list, p->count + 1, sizeof(*p->list));
		one = &p->list[p->count++];
		*one = (struct gate_pattern){ .given = xstrdup(word),
					      .pattern = absolute(word) };
		one->linked = follow(one->pattern);
	}
	free(copy);
}

static bool matches(struct gate_patterns *p, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		struct gate_pattern *one = &p->list[i];
		bool whole = strchr(one->pattern, '/');

		if (fnmatch(one->pattern, whole ? path : base, 0) &&
		    (whole || fnmatch(one->pattern, name, 0)) &&
		    (!one->linked || fnmatch(one->linked, path, 0)))
			continue;
		one->seen = any = true;
	}
	return any;
}

bool gate_programs_judge(struct gate_programs *p, const char *path,
			 const char *name)
{
	bool only = matches(&p->only, path, name);
	bool skip = matches(&p->skip, path, name);

	return (!p->only.count || only) && !skip;
}

void gate_programs_warn(const struct gate_programs *p)
{
	for (size_t i = 0; i < p->only.count; i++)
		if (!p->only.list[i].seen)
			warn(
			    "--programs '%s': no program that ran was of that name",
			    p->only.list[i].given);
}

static void release(struct gate_patterns *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->list[i].given);
		free(p->list[i].pattern);
		free(p->list[i].linked);
	}
	free(p->list);
}

void gate_programs_release(struct gate_programs *p)
{
	release(&p->only);
	release(&p->skip);
}
