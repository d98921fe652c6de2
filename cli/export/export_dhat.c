/* SPDX-License-Identifier: MIT */
/*
 * DHAT's JSON, version 2, for Valgrind's dh_view.html.  Lifetimes of blocks are not
 * recorded, nor are accesses, and the file says so (bklt, bkacc): its totals are
 * those of one value, which `verb` names.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_command.h"
#include "export_json.h"
#include "text_stream.h"

/* "Alive at the end", of the title. */
static void write_verb(FILE *out, enum profile_value value)
{
	const char *title = profile_kinds[value].title;

	fprintf(out, "%c%.*s", toupper(*title), (int)(strcspn(title, ",") - 1),
		title + 1);
}

static void write_command(FILE *out, const struct model *m)
{
	size_t size;
	char *text;
	FILE *words = text_stream_open(&text, &size);

	export_command(words, m);
	text_stream_close(words);
	export_json_text(out, *text ? text + 1 : text);
	free(text);
}

static void write_points(FILE *out, const struct profile *p,
			 enum profile_value value)
{
	const char *between = "";

	for (size_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];

		if (!s->value[value] && !s->value[value + 1])
			continue;
		fprintf(out,
			"%s{\"tb\":%" PRIu64 ",\"tbk\":%" PRIu64 ",\"fs\":[",
			between, s->value[value], s->value[value + 1]);
		for (size_t d = 0; d < s->count; d++) {
			if (d)
				putc(',', out);
			export_json_number(out, p->path[s->first + d] + 1ul);
		}
		fputs("]}", out);
		between = ",\n";
	}
}

static void write_frames(FILE *out, const struct profile *p)
{
	fputs("\"[root]\"", out);
	for (size_t i = 0; i < p->frame_count; i++) {
		char *text = profile_frame_text(&p->frames[i]);

		fputs(",\n", out);
		export_json_text(out, text);
		free(text);
	}
}

void export_dhat(FILE *out, const struct exporting *e)
{
	const struct rkn_meta *meta = &e->in->m->meta;

	fputs("{\"dhatFileVersion\":2,\"mode\":\"heap\",\"verb\":\"", out);
	write_verb(out, e->value);
	fputs(
	    "\",\"bklt\":false,\"bkacc\":false,\"tu\":\"us\",\"Mtu\":\"s\",\"cmd\":",
	    out);
	write_command(out, e->in->m);
	fprintf(out, ",\"pid\":%" PRIu32 ",\"te\":%" PRIu64 ",\n\"pps\":[",
		meta->pid, meta->duration_ns / 1000);
	write_points(out, e->profile, e->value);
	fputs("],\n\"ftbl\":[", out);
	write_frames(out, e->profile);
	fputs("]}\n", out);
}
