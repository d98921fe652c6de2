/* SPDX-License-Identifier: MIT */
/* Suppressions of what fails the gate, each once: a file for --suppressions. */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "list.h"
#include "status.h"

struct texts {
	char **list;
	size_t count;
};

static char *generate(enum suppress_grammar grammar, const struct issue *i)
{
	const struct issue_stack *s = &i->stacks[0];
	struct suppress_frame *frames = xcalloc(s->count, sizeof(*frames));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	for (size_t n = 0; n < s->count; n++)
		frames[n] = (struct suppress_frame){ s->frames[n].function,
						     s->frames[n].module,
						     s->frames[n].tail_call };
	suppress_generate(out, grammar,
			  &(struct suppress_subject){ .kind = i->kind,
						      .type = i->type,
						      .frames = frames,
						      .count = s->count,
						      .place = i->place });
	free(frames);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

static bool is_there(const struct texts *t, const char *text)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->list[i], text))
			return true;
	return false;
}

/* Takes `text`. */
static void write_new(FILE *out, struct texts *t, char *text)
{
	if (is_there(t, text)) {
		free(text);
		return;
	}
	fputs(text, out);
	*LIST_ADD(t->list, t->count) = text;
}

/* `head` goes before the first. */
static void write_all(FILE *out, const struct gate *g,
		      enum suppress_grammar grammar, const char *head)
{
	struct texts t = { 0 };

	for (size_t i = 0; i < g->issues.count; i++) {
		if (!gate_fails(g, &g->issues.list[i]))
			continue;
		fputs(t.count ? "" : head, out);
		write_new(out, &t, generate(grammar, &g->issues.list[i]));
	}
	for (size_t i = 0; i < t.count; i++)
		free(t.list[i]);
	free(t.list);
}

void gate_write_suppressions(FILE *out, const struct gate *g)
{
	write_all(out, g, SUPPRESS_VALGRIND, "");
}

void gate_write_lsan_suppressions(FILE *out, const struct gate *g)
{
	write_all(out, g, SUPPRESS_LSAN,
		  "# each line covers all that is lost below its function, now "
		  "and later;\n"
		  "# the format suppressions tells callers apart\n");
}
