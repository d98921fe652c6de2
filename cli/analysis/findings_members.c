/* SPDX-License-Identifier: MIT */
/* The instances of each finding, and the members of the one that is shown. */
#include <string.h>

#include "analysis.h"
#include "die.h"

/* Whether to show the instance of `size` rather than the present one, of
 * f->member_count. */
static bool is_better(const struct analysis *a, const struct finding *f,
		      uint32_t head, uint64_t size)
{
	bool fits = size <= FINDING_DRAWN;

	if (!f->count || fits != (f->member_count <= FINDING_DRAWN))
		return !f->count || fits;
	if (fits && size != f->member_count)
		return size > f->member_count;
	return analysis_is_older(a, head, f->shown);
}

void analysis_instance(const struct analysis *a, struct finding *f,
		       uint32_t head, uint32_t size)
{
	if (f->kind != FINDING_CYCLE)
		size = 1;
	if (is_better(a, f, head, size)) {
		f->shown = head;
		f->member_count = size;
	}
	if (!f->count++ || size < f->least)
		f->least = size;
	if (size > f->most)
		f->most = size;
}

struct inside {
	const uint32_t *component;
	uint32_t number;
};

static int follow_inside(const struct rkn_edge *edge, void *data)
{
	const struct inside *i = data;

	return i->component[edge->to] == i->number;
}

void analysis_members(struct analysis *a, size_t from)
{
	/* List every finding's heads, the oldest first. */
	for (size_t i = from; i < a->count; i++) {
		struct finding *f = &a->list[i];

		f->instances = xcalloc(f->count, sizeof(*f->instances));
		f->count = 0;
	}
	for (uint32_t b = 0; b < a->g.nodes; b++) {
		struct finding *f;
		uint32_t *first;

		if (!(a->mark[b] & HEAD) || a->owner[b] <= from)
			continue;
		f = &a->list[a->owner[b] - 1];
		first = f->instances;
		f->instances[f->count] = b;
		if (a->m->blocks[b].birth < a->m->blocks[*first].birth) {
			f->instances[f->count] = *first;
			*first = b;
		}
		f->count++;
	}
	for (size_t i = from; i < a->count; i++) {
		struct finding *f = &a->list[i];

		struct inside inside = { a->component, a->component[f->shown] };

		f->stack = a->m->blocks[f->shown].stack;
		a->memory[0] = f->shown;
		f->member_count = 1;
		/* Of a cycle outwards from its head. They lose their colour. */
		if (f->kind == FINDING_CYCLE) {
			a->mark[f->shown] = LOST;
			f->member_count =
			    graph_mark(&a->g, &f->shown, 1, COLOURS, a->mark,
				       follow_inside, &inside, a->memory);
		}
		f->members = xcalloc(f->member_count, sizeof(*f->members));
		memcpy(f->members, a->memory,
		       f->member_count * sizeof(*f->members));
	}
}
