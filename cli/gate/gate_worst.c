/* SPDX-License-Identifier: MIT */
#include "gate_worst.h"

#include <stdlib.h>

#include "die.h"
#include "text_stream.h"
#include "units.h"

static void release_places(struct gate_worst *w)
{
	for (size_t i = 0; i < w->place_count; i++) {
		issue_stack_release(&w->places[i].stack);
		apart_release(&w->places[i].apart);
		free(w->places[i].path);
	}
	w->place_count = 0;
}

bool gate_worst_note(struct gate_worst *w, uint64_t value,
		     const struct model *m)
{
	if (w->seen && value <= w->value)
		return false;
	gate_worst_release(w);
	*w = (struct gate_worst){
		.seen = true,
		.value = value,
		.program = xstrdup(model_text(m, m->meta.program)),
		.name = xstrdup(model_called(m)),
		.pid = m->meta.pid,
		.path = m->path ? xstrdup(m->path) : NULL,
	};
	return true;
}

void gate_worst_place(struct gate_worst *w, const struct reading *in,
		      const struct sources *sources,
		      const struct gate_amount *amounts, bool bytes,
		      const char *noun, const char *what)
{
	const struct model *m = in->m;
	bool *taken = xcalloc(m->stack_count, sizeof(*taken));
	struct apart_stack list[GATE_PLACES];
	struct apart apart[GATE_PLACES];
	size_t count;

	release_places(w);
	for (count = 0; count < GATE_PLACES; count++) {
		struct gate_place *p = &w->places[count];
		uint64_t first = 0, second = 0;
		size_t most = m->stack_count;

		for (size_t i = 0; i < m->stack_count; i++) {
			const struct gate_amount *a = &amounts[i];
			uint64_t x = bytes ? a->bytes : a->objects;
			uint64_t y = bytes ? a->objects : a->bytes;

			if (taken[i] || !x || x < first ||
			    (x == first && y <= second))
				continue;
			most = i;
			first = x;
			second = y;
		}
		if (most == m->stack_count)
			break;
		taken[most] = true;
		*p = (struct gate_place){
			.amount = amounts[most],
			.noun = noun,
			.stack = issue_stack_make(in, what, (uint32_t)most),
		};
		p->frame = issue_stack_blame(&p->stack, sources, &p->path);
		list[count] = (struct apart_stack){ &p->stack, p->frame };
	}
	w->place_count = count;
	apart_make(list, count, sources, apart);
	for (size_t i = 0; i < count; i++)
		w->places[i].apart = apart[i];
	free(taken);
}

char *gate_worst_text(const struct gate_worst *w)
{
	char *text, amount[UNITS_SIZE];
	size_t size;
	FILE *out;

	if (!w || !w->place_count)
		return NULL;
	out = text_stream_open(&text, &size);
	for (size_t i = 0; i < w->place_count; i++) {
		const struct gate_place *p = &w->places[i];

		fprintf(out, "%s %s (%s, ", i ? "," : "from",
			gate_place_text(p),
			units_count(amount, p->amount.objects, p->noun));
		fprintf(out, "%s)", units_bytes(amount, p->amount.bytes));
	}
	fprintf(out, " %s", w->places[0].stack.what);
	text_stream_close(out);
	return text;
}

void gate_worst_release(struct gate_worst *w)
{
	release_places(w);
	free(w->program);
	free(w->name);
	free(w->path);
	free(w->meant);
	*w = (struct gate_worst){ 0 };
}

const struct issue_frame *gate_place_frame(const struct gate_place *p)
{
	return p->frame < p->stack.count ? &p->stack.frames[p->frame] : NULL;
}

const char *gate_place_text(const struct gate_place *p)
{
	const struct issue_frame *f = gate_place_frame(p);

	return p->apart.chain ? p->apart.chain
	       : f            ? f->function
			      : "unknown code";
}

const struct issue_frame *gate_place_site(const struct gate_place *p)
{
	return p->apart.path ? &p->stack.frames[p->apart.site]
			     : gate_place_frame(p);
}
