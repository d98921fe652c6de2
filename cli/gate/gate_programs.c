/* SPDX-License-Identifier: MIT */
#include "gate_programs.h"
#include "base_name.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "list.h"
#include "patterns.h"
#include "status.h"
#include "text_stream.h"

static char *absolute(const char *pattern)
{
	char *directory, *whole, *to;

	if (*pattern == '/' || *pattern == '*' || !strchr(pattern, '/'))
		return xstrdup(pattern);
	while (!strncmp(pattern, "./", 2))
		pattern += 2;
	directory = getcwd(NULL, 0);
	if (!directory)
		die(STATUS_INPUT, "the working directory has no name: %s",
		    strerror(errno));
	whole = to =
	    xcalloc(2 * strlen(directory) + 1 + strlen(pattern) + 1, 1);
	/* The directory matches only itself. */
	for (const char *c = directory; *c; c++) {
		if (strchr("\\*?[", *c))
			*to++ = '\\';
		*to++ = *c;
	}
	*to++ = '/';
	strcpy(to, pattern);
	free(directory);
	return whole;
}

/* A path without any wildcard is followed to its end, others as far as their
 * last directory before one. NULL: no link is in it, it is not there, or it is
 * a name, whatever file of that name is here. */
static char *follow(const char *pattern)
{
	size_t plain = strcspn(pattern, "\\*?["), directory = plain;
	char *path, *end, *all = NULL;

	while (pattern[plain] && directory && pattern[directory] != '/')
		directory--;
	if (!directory || !strchr(pattern, '/'))
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
		one = LIST_ADD(p->list, p->count);
		*one = (struct gate_pattern){ .given = xstrdup(word),
					      .pattern = absolute(word) };
		one->linked = follow(one->pattern);
	}
	free(copy);
}

static bool is_plain(const char *pattern)
{
	return patterns_are_plain(pattern, pattern + strlen(pattern));
}

/* As fnmatch() does it. */
static bool fits(const char *pattern, const char *text)
{
	if (is_plain(pattern))
		return patterns_match(pattern, pattern + strlen(pattern), text);
	return !fnmatch(pattern, text, 0);
}

bool gate_patterns_match(struct gate_patterns *p, const char *path,
			 const char *name, const char *script)
{
	const char *base = base_name(path);
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		struct gate_pattern *one = &p->list[i];
		bool whole = strchr(one->pattern, '/');

		if (fits(one->pattern, whole ? path : base) ||
		    (!whole && fits(one->pattern, name)) ||
		    (!whole && script && fits(one->pattern, script)) ||
		    (one->linked && fits(one->linked, path)))
			one->seen = any = true;
	}
	return any;
}

bool gate_programs_judge(struct gate_programs *p, const char *path,
			 const char *name, const char *script)
{
	bool only = gate_patterns_match(&p->only, path, name, script);
	bool skip = gate_patterns_match(&p->skip, path, name, script);

	return (!p->only.count || only) && !skip;
}

static bool all_plain(const struct gate_patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (!is_plain(p->list[i].pattern) ||
		    (p->list[i].linked && !is_plain(p->list[i].linked)))
			return false;
	return true;
}

#define MOST (64u << 10) /* of one variable the kernel takes 128 KiB */

char *gate_patterns_text(const struct gate_patterns *p, bool only)
{
	const char *comma = "";
	char *text;
	size_t size;
	FILE *out;

	if (only && !all_plain(p))
		return NULL;
	out = text_stream_open(&text, &size);
	for (size_t i = 0; i < p->count; i++) {
		const char *both[] = { p->list[i].pattern, p->list[i].linked };

		for (size_t k = 0; k < 2 && both[k]; k++) {
			if (!is_plain(both[k]))
				continue;
			fputs(comma, out);
			/* A comma within is part of a directory's name. */
			for (const char *c = both[k]; *c; c++)
				fprintf(out, "%s%c", *c == ',' ? "\\" : "", *c);
			comma = ",";
		}
	}
	text_stream_close(out);
	if (size && size < MOST)
		return text;
	free(text);
	return NULL;
}

void gate_programs_warn(const struct gate_programs *p)
{
	for (size_t i = 0; i < p->only.count; i++)
		if (!p->only.list[i].seen)
			warn(
			    "--programs '%s': no program that ran was of that name",
			    p->only.list[i].given);
}

void gate_patterns_release(struct gate_patterns *p)
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
	gate_patterns_release(&p->only);
	gate_patterns_release(&p->skip);
}
