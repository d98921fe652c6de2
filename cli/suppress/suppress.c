/* SPDX-License-Identifier: MIT */
/* The list of suppressions, and where they come from. */
#include "suppress.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

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

/* Release all entries but the first `count`. */
static void cut(struct suppressions *s, size_t count)
{
	while (s->count > count) {
		struct suppression *one = s->list[--s->count];

		for (size_t i = 0; i < one->line_count; i++)
			free(one->lines[i].pattern);
		free(one->lines);
		free(one->text);
		free(one->pattern);
		free(one->reason);
		free(one);
	}
}

int suppress_parse(struct suppressions *s, const char *text, size_t size,
		   const char *origin, char *error)
{
	struct suppress_parser p = { .s = s, .at = text, .end = text + size };
	size_t before = s->count;
	int result;

	p.origin = *LIST_ADD(s->origins, s->origin_count) = xstrdup(origin);
	p.line = xmalloc(SUPPRESS_LINE_MOST + 1);
	s->left = (struct suppress_left){ 0 };
	p.error = error;
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p.at += 3;
	while ((result = suppress_next_line(&p)) > 0) {
		if (!*p.line || *p.line == '#')
			result = suppress_read_comment(&p);
		else if (!strcmp(p.line, "{"))
			result = suppress_read_block(&p);
		else
			result = suppress_read_rule(&p);
		if (result)
			break;
	}
	if (!result) {
		/* The end of the file is like an empty line. */
		p.number++;
		*p.line = '\0';
		result = suppress_read_comment(&p);
	}
	free(p.line);
	free(p.note.reason);
	if (result)
		cut(s, before);
	return result;
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

void suppress_add_file(struct suppressions *s, const char *path)
{
	char *text = text_file_read(path, "a suppressions file");
	const struct suppress_left *l;
	size_t n;
	const char *what;

	suppress_add_text(s, text, path);
	l = &s->left;
	n = l->others - l->unknown;
	what =
	    strchr(l->name, ':') ? "fault of Memcheck's" : "tool of Valgrind's";
	if (l->unknown > 1)
		warn(
		    "%s:%u: \"%s\" is not a known %s; its block was left out, and %zu more for such a reason",
		    path, l->line, l->name, what, l->unknown - 1);
	else if (l->unknown)
		warn("%s:%u: \"%s\" is not a known %s; its block was left out",
		     path, l->line, l->name, what);
	if (n)
		warn(
		    "%s: %zu block%s for other tools, or for other faults than leaks, %s left out",
		    path, n, n == 1 ? "" : "s", n == 1 ? "was" : "were");
	free(text);
}

void suppress_add_text(struct suppressions *s, const char *text,
		       const char *origin)
{
	char error[SUPPRESS_ERROR_SIZE];

	if (suppress_parse(s, text, strlen(text), origin, error))
		die(STATUS_INPUT, "%s", error);
}

void suppress_release(struct suppressions *s)
{
	cut(s, 0);
	for (size_t i = 0; i < s->origin_count; i++)
		free(s->origins[i]);
	free(s->origins);
	free(s->list);
	suppress_forget(s);
	memset(s, 0, sizeof(*s));
}
