/* SPDX-License-Identifier: MIT */
#include "gate_worst.h"

#include <stdlib.h>

#include "die.h"

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
	};
	return true;
}

static uint64_t weight(const struct gate_amount *a, bool bytes)
{
	return bytes ? a->bytes : a->objects;
}

static bool is_more(const struct gate_amount *a, const struct gate_amount *b,
		    bool bytes)
{
	if (weight(a, bytes) != weight(b, bytes))
		return weight(a, bytes) > weight(b, bytes);
	return weight(a, !bytes) > weight(b, !bytes);
}

/* The stack with most; m->stack_count: none has any. */
static size_t find_most(const struct model *m,
			const struct gate_amount *amounts, const bool *taken,
			bool bytes)
{
	size_t most = m->stack_count;

	for (size_t i = 0; i < m->stack_count; i++)
		if (!taken[i] && weight(&amounts[i], bytes) &&
		    (most == m->stack_count ||
		     is_more(&amounts[i], &amounts[most], bytes)))
			most = i;
	return most;
}

static void tell_apart(struct gate_worst *w, const struct sources *sources)
{
	struct apart_stack list[GATE_PLACES];

	for (size_t i = 0; i < w->place_count; i++)
		list[i] = (struct apart_stack){ &w->places[i].stack,
						w->places[i].frame };
	for (size_t i = 0; i < w->place_count; i++)
		w->places[i].apart =
		    apart_make(list, w->place_count, i, sources);
}

void gate_worst_place(struct gate_worst *w, const struct model *m,
		      struct symbols *s, const struct sources *sources,
		      const struct gate_amount *amounts, bool bytes,
		      const char *what)
{
	bool *taken = xcalloc(m->stack_count, sizeof(*taken));

	release_places(w);
	while (w->place_count < GATE_PLACES) {
		size_t most = find_most(m, amounts, taken, bytes);
		struct gate_place *p = &w->places[w->place_count];

		if (most == m->stack_count)
			break;
		taken[most] = true;
		*p = (struct gate_place){
			.amount = amounts[most],
			.stack = issue_stack_make(m, s, what, (uint32_t)most),
		};
		p->frame = issue_stack_blame(&p->stack, sources, &p->path);
		w->place_count++;
	}
	tell_apart(w, sources);
	free(taken);
}

void gate_worst_release(struct gate_worst *w)
{
	release_places(w);
	free(w->program);
	free(w->name);
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
