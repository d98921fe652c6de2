/* SPDX-License-Identifier: MIT */
/* The list of suppressions, and where they come from. */
#include "suppress.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "die.h"
#include "status.h"
#include "suppress_find.h"
#include "suppress_parser.h"
#include "text_file.h"

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

static void tell_left(const struct suppress_left *l, const char *path)
{
	size_t n = l->others - l->unknown;
	const char *what =
	    strchr(l->name, ':') ? "fault of Memcheck's" : "tool of Valgrind's";

	if (l->unknown > 1)
		warn(
		    "%s:%u: \"%s\" is no %s; its block was left out, and %zu more for such a reason",
		    path, l->line, l->name, what, l->unknown - 1);
	else if (l->unknown)
		warn("%s:%u: \"%s\" is no %s; its block was left out", path,
		     l->line, l->name, what);
	if (n)
		warn(
		    "%s: %zu block%s for other tools, or for other faults than leaks, %s left out",
		    path, n, n == 1 ? "" : "s", n == 1 ? "was" : "were");
}

void suppress_add_file(struct suppressions *s, const char *path)
{
	char *text = text_file_read(path, "a suppressions file");

	suppress_add_text(s, text, path);
	tell_left(&s->left, path);
	free(text);
}

void suppress_add_text(struct suppressions *s, const char *text,
		       const char *origin)
{
	char error[SUPPRESS_ERROR_SIZE];

	if (suppress_parse(s, text, strlen(text), origin, error))
		die(STATUS_INPUT, "%s", error);
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
