/* SPDX-License-Identifier: MIT */
/* Suppressions of what fails the gate, each once: a file for --suppressions. */
#include <stdlib.h>
#include <string.h>

#include "gate_failing.h"
#include "gate_writers.h"
#include "list.h"
#include "text_stream.h"

/* Entries as `grammar` has them; `head` goes before the first. */
static void write_all(FILE *to, const struct gate *g,
		      enum suppress_grammar grammar, const char *head)
{
	char **texts = NULL;
	size_t count = 0, size;

	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_stack *s = &i->stacks[0];
		struct suppress_frame *frames;
		size_t same = 0;
		char *text;
		FILE *out;

		if (!gate_fails(g, i))
			continue;
		frames = xcalloc(s->count, sizeof(*frames));
		for (size_t n = 0; n < s->count; n++)
			frames[n] = (struct suppress_frame){
				.function = s->frames[n].symbol,
				.full = s->frames[n].full,
				.module = s->frames[n].module,
				.tail_call = s->frames[n].tail_call,
			};
		out = text_stream_open(&text, &size);
		suppress_generate(
		    out, grammar,
		    &(struct suppress_subject){ .kind = i->kind,
						.type = i->type,
						.frames = frames,
						.count = s->count,
						.place = i->place });
		text_stream_close(out);
		free(frames);
		fputs(count ? "" : head, to);
		while (same < count && strcmp(texts[same], text) != 0)
			same++;
		if (same < count) {
			free(text);
			continue;
		}
		fputs(text, to);
		*LIST_ADD(texts, count) = text;
	}
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
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
		  "# the format suppressions distinguishes callers\n");
}
