/* SPDX-License-Identifier: MIT */
/*
 * speedscope's own JSON: a sampled profile for each value that is known.
 * https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
 */
#include "document.h"
#include "export_json.h"
#include "json_text.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static json_t *frames(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->frame_count; i++) {
		const struct profile_frame *f = &p->frames[i];
		json_t *o = json_object();

		document_text(o, "name", f->name);
		if (f->file)
			document_text(o, "file", f->file);
		if (f->line)
			document_count(o, "line", f->line);
		document_append(list, o);
	}
	return list;
}

static json_t *samples_of(const struct profile *p, const struct profile_stack *s)
{
	json_t *list = json_array();

	for (size_t d = s->count; d-- > 0;)
		document_append(list, json_count(p->path[s->first + d]));
	return list;
}

static json_t *profile_of(const struct profile *p, enum profile_value value)
{
	json_t *o = json_object(), *samples = json_array();
	json_t *weights = json_array();

	for (size_t i = 0; i < p->stack_count; i++) {
		if (!p->stacks[i].value[value])
			continue;
		document_append(samples, samples_of(p, &p->stacks[i]));
		document_append(weights, json_count(p->stacks[i].value[value]));
	}
	document_text(o, "type", "sampled");
	document_text(o, "name", profile_kinds[value].title);
	document_text(o, "unit", profile_kinds[value].bytes ? "bytes" : "none");
	document_count(o, "startValue", 0);
	document_count(o, "endValue", profile_sum(p, value));
	document_set(o, "samples", samples);
	document_set(o, "weights", weights);
	return o;
}

void export_speedscope(FILE *out, const struct exporting *e)
{
	json_t *o = json_object(), *shared = json_object();
	json_t *profiles = json_array();

	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(e->profile, v))
			document_append(profiles, profile_of(e->profile, v));
	document_text(o, "$schema", SCHEMA);
	document_text(o, "exporter", "refknot@" REFKNOT_VERSION);
	document_text(o, "name", model_called(e->in->m));
	document_count(o, "activeProfileIndex", 0);
	document_set(shared, "frames", frames(e->profile));
	document_set(o, "shared", shared);
	document_set(o, "profiles", profiles);
	export_json(out, o);
}
