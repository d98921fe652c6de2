/* SPDX-License-Identifier: MIT */
/*
 * speedscope's own JSON: a sampled profile for each value that is known.
 * https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
 */
#include <inttypes.h>

#include "export_json.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static void write_frames(FILE *out, const struct profile *p)
{
	for (size_t i = 0; i < p->frame_count; i++) {
		const struct profile_frame *f = &p->frames[i];

		fprintf(out, "%s{\"name\":", i ? ",\n" : "");
		export_json_text(out, f->name);
		if (f->file) {
			fputs(",\"file\":", out);
			export_json_text(out, f->file);
		}
		if (f->line)
			fprintf(out, ",\"line\":%u", f->line);
		putc('}', out);
	}
}

/* The outermost frame first. */
static void write_stack(FILE *out, const struct profile *p,
			const struct profile_stack *s)
{
	for (size_t d = s->count; d-- > 0;) {
		export_json_number(out, p->path[s->first + d]);
		if (d)
			putc(',', out);
	}
}

static void write_profile(FILE *out, const struct profile *p,
			  enum profile_value value)
{
	const char *between = "";

	fputs("{\"type\":\"sampled\",\"name\":", out);
	export_json_text(out, profile_kinds[value].title);
	fprintf(out,
		",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64
		",\n\"samples\":[",
		profile_kinds[value].bytes ? "bytes" : "none",
		profile_sum(p, value));
	for (size_t i = 0; i < p->stack_count; i++) {
		if (!p->stacks[i].value[value])
			continue;
		fprintf(out, "%s[", between);
		write_stack(out, p, &p->stacks[i]);
		putc(']', out);
		between = ",\n";
	}
	fputs("],\n\"weights\":[", out);
	between = "";
	for (size_t i = 0; i < p->stack_count; i++) {
		if (!p->stacks[i].value[value])
			continue;
		fputs(between, out);
		export_json_number(out, p->stacks[i].value[value]);
		between = ",";
	}
	fputs("]}", out);
}

void export_speedscope(FILE *out, const struct exporting *e)
{
	const struct profile *p = e->profile;
	const char *between = "";

	fputs("{\"$schema\":\"" SCHEMA
	      "\",\"exporter\":\"refknot@" REFKNOT_VERSION "\",\"name\":",
	      out);
	export_json_text(out, model_called(e->in->m));
	fputs(",\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[", out);
	write_frames(out, p);
	fputs("]},\n\"profiles\":[", out);
	for (unsigned v = 0; v < PROFILE_VALUES; v++) {
		if (!profile_knows(p, v))
			continue;
		fputs(between, out);
		write_profile(out, p, v);
		between = ",\n";
	}
	fputs("]}\n", out);
}
