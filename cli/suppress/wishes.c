/* SPDX-License-Identifier: MIT */
#include "wishes.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

#define SUPPRESSIONS "__lsan_default_suppressions()"
#define OFF          "__lsan_is_turned_off() or __lsan_default_options()"

static bool is_off(const struct model *m)
{
	return m->meta.flags & RKN_META_UNWANTED;
}

void wishes_open(struct wishes *w, const struct model *m)
{
	const char *text = model_text(m, m->meta.suppressions);
	char error[SUPPRESS_ERROR_SIZE];

	*w = (struct wishes){ .text = xstrdup(text), .off = is_off(m) };
	if (w->off) {
		suppress_add_text(&w->list, "leak:*\n", OFF);
		w->list.list[0]->built_in = true; /* it need not cover any */
	}
	if (*text &&
	    suppress_parse(&w->list, text, strlen(text), SUPPRESSIONS, error))
		warn("%s, in %s", error, model_text(m, m->meta.program));
}

bool wishes_are(const struct wishes *w, const struct model *m)
{
	return w->off == is_off(m) &&
	       !strcmp(w->text, model_text(m, m->meta.suppressions));
}

void wishes_release(struct wishes *w)
{
	suppress_release(&w->list);
	free(w->text);
	*w = (struct wishes){ 0 };
}

void wishes_findings(struct wishes *w, struct findings *f,
		     const struct reading *in)
{
	uint32_t *place;
	size_t left = 0;

	wishes_open(w, in->m);
	findings_make(f, in);
	place = xcalloc(f->count + 1, sizeof(*place));
	for (size_t i = 0; i < f->count; i++) {
		struct finding *one = &f->list[i];
		struct suppression *by = suppress_find(&w->list, one, in);

		if (by) {
			by->findings++;
			by->bytes += one->bytes + one->held_bytes;
			free(one->members);
			free(one->member_objects);
			free(one->instances);
			continue;
		}
		f->list[left] = *one;
		place[i + 1] = (uint32_t)++left;
	}
	for (size_t b = 0; b < in->m->block_count && left < f->count; b++)
		f->owner[b] = place[f->owner[b]];
	f->count = left;
	free(place);
}

uint64_t wishes_withheld(const struct wishes *w, uint64_t *bytes)
{
	uint64_t findings = 0;

	*bytes = 0;
	for (size_t i = 0; i < w->list.count; i++) {
		findings += w->list.list[i]->findings;
		*bytes += w->list.list[i]->bytes;
	}
	return findings;
}

const char *wishes_origin(const struct wishes *w)
{
	return w->off ? OFF : SUPPRESSIONS;
}
