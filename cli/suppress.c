/* SPDX-License-Identifier: MIT */
/* The list of suppressions, and where they come from. */
#include "suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "die.h"
#include "suppress_find.h"
#include "suppress_parser.h"

#define FILE_MOST (16u << 20) /* bytes */

static const struct built_in {
	const char *text, *reason;
} built_ins[] = {
#define SUPPRESSION(text, reason) { text, reason },
#include "suppressions.def"
#undef SUPPRESSION
};

const char *suppress_today(struct suppressions *s)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!s->today[0] && localtime_r(&now, &tm))
		strftime(s->today, sizeof(s->today), "%Y-%m-%d", &tm);
	return s->today;
}

void suppress_add_built_in(struct suppressions *s)
{
	for (size_t i = 0; i < sizeof(built_ins) / sizeof(*built_ins); i++) {
		size_t first = s->count;

		suppress_add_text(s, built_ins[i].text, "built in");
		for (size_t k = first; k < s->count; k++) {
			s->list[k]->built_in = true;
			s->list[k]->reason = xstrdup(built_ins[i].reason);
		}
	}
}

static void add(struct suppressions *s, const char *text, size_t size,
		const char *origin)
{
	char error[SUPPRESS_ERROR_SIZE];

	if (suppress_parse(s, text, size, origin, error))
		die(STATUS_INPUT, "%s", error);
}

/* A pipe is as good as a file. */
static char *read_whole(const char *path, size_t *size)
{
	FILE *in = fopen(path, "re");
	char *text = xmalloc(FILE_MOST + 1);

	if (!in)
		die(STATUS_INPUT, "%s: cannot be opened: %s", path,
		    strerror(errno));
	errno = 0;
	*size = fread(text, 1, FILE_MOST + 1, in);
	if (ferror(in))
		die(STATUS_INPUT, "%s: cannot be read: %s", path,
		    strerror(errno));
	fclose(in);
	if (*size > FILE_MOST)
		die(STATUS_INPUT,
		    "%s: has more than the 16 MiB that a suppressions file may have",
		    path);
	return text;
}

void suppress_add_file(struct suppressions *s, const char *path)
{
	size_t size;
	char *text = read_whole(path, &size);

	add(s, text, size, path);
	free(text);
}

void suppress_add_text(struct suppressions *s, const char *text,
		       const char *origin)
{
	add(s, text, strlen(text), origin);
}

static void release(struct suppression *one)
{
	for (size_t i = 0; i < one->line_count; i++)
		free(one->lines[i].pattern);
	free(one->lines);
	free(one->text);
	free(one->pattern);
	free(one->reason);
	free(one);
}

void suppress_cut(struct suppressions *s, size_t count)
{
	while (s->count > count)
		release(s->list[--s->count]);
}

void suppress_release(struct suppressions *s)
{
	suppress_cut(s, 0);
	for (size_t i = 0; i < s->origin_count; i++)
		free(s->origins[i]);
	free(s->origins);
	free(s->list);
	suppress_forget(s);
	memset(s, 0, sizeof(*s));
}
