/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <stdlib.h>

#include "die.h"
#include "list.h"
#include "owners.h"

#define IMMORTAL (1 << 30) /* counts from here on never come down */

static bool is_strong(const struct model *m, const struct rkn_reference *r)
{
	return r->kind != RKN_REFERENCE_WEAK && r->from &&
	       !(m->objects[r->from].flags & RKN_OBJECT_ENDED) &&
	       !(m->objects[r->to].flags & RKN_OBJECT_ENDED);
}

static void fill_edges(struct ledger *l)
{
	const struct model *m = l->m;
	uint32_t *place;

	l->first = xcalloc(m->object_count + 2, sizeof(*l->first));
	l->strong = xcalloc(m->object_count, sizeof(*l->strong));
	l->ended = xcalloc(m->object_count, sizeof(*l->ended));
	for (size_t i = 0; i < m->reference_count; i++)
		if (is_strong(m, &m->references[i])) {
			l->first[m->references[i].from + 1]++;
			l->strong[m->references[i].to]++;
		} else if (m->references[i].kind == RKN_REFERENCE &&
			   m->references[i].from) {
			l->ended[m->references[i].to]++;
		}
	for (size_t i = 0; i <= m->object_count; i++)
		l->first[i + 1] += l->first[i];
	l->edges = xcalloc(l->first[m->object_count] + 1u, sizeof(*l->edges));
	place = xcalloc(m->object_count + 1, sizeof(*place));
	for (uint32_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];

		if (is_strong(m, r))
			l->edges[l->first[r->from] + place[r->from]++] =
			    (struct rkn_edge){ r->from, r->to, i, 0 };
	}
	free(place);
	l->g = (struct graph){ (uint32_t)m->object_count, l->first, l->edges };
}

bool ledger_counts(const struct ledger *l, uint32_t object)
{
	const struct rkn_object *o = &l->m->objects[object];

	if (o->flags & RKN_OBJECT_COUNTED && o->count == 0 &&
	    (o->told > 0 || !o->event_count))
		return false;
	return o->count >= 0 && o->count < IMMORTAL;
}

int64_t ledger_residual(const struct ledger *l, uint32_t object)
{
	return l->m->objects[object].count - l->strong[object];
}

/* A count below the edges says that something is wrong, but not what is lost:
 * such an object counts as held. */
static void mark_held(struct ledger *l)
{
	const struct model *m = l->m;
	uint32_t *queue = xcalloc(m->object_count + 1, sizeof(*queue));
	uint32_t *unsure = xcalloc(m->object_count, sizeof(*unsure));

	/* References that may not be there: a release that named nobody, which
	 * ended another one of the object, may have been meant for one that no
	 * pointer backs. */
	for (size_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];

		if (is_strong(m, r) && l->backing.kinds[i] != BACKING_POINTER &&
		    m->objects[r->from].block != m->objects[r->to].block)
			unsure[r->to] += backing_is_guess(m, r);
	}
	l->mark = xcalloc(m->object_count + 1, sizeof(*l->mark));
	for (size_t i = 0; i < m->object_count; i++)
		if (m->objects[i].flags & RKN_OBJECT_ENDED)
			l->mark[i] = LEDGER_ENDED;
	for (uint32_t i = 1; i < m->object_count; i++)
		if (!ledger_counts(l, i) || !m->objects[i].count ||
		    ledger_residual(l, i) || unsure[i])
			graph_mark(&l->g, &i, 1, LEDGER_HELD, l->mark, NULL,
				   NULL, queue);
	free(unsure);
	free(queue);
}

static void sum_own(struct ledger *l)
{
	const struct model *m = l->m;

	l->own_blocks = xcalloc(m->object_count, sizeof(*l->own_blocks));
	l->own_bytes = xcalloc(m->object_count, sizeof(*l->own_bytes));
	for (uint32_t b = 0; b < m->block_count; b++)
		if (l->owner_of[b] && !l->contents.count[b]) {
			l->own_blocks[l->owner_of[b]]++;
			l->own_bytes[l->owner_of[b]] += m->blocks[b].size;
		}
}

struct ledger *ledger_open(const struct model *m)
{
	struct ledger *l;
	uint32_t n;
	uint32_t *memory;
	uint8_t *marks;

	if (m->object_count < 2)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->m = m;
	l->object_of = xcalloc(m->block_count + 1, sizeof(*l->object_of));
	block_objects_make(&l->contents, m);
	for (uint32_t b = 0; b < m->block_count; b++)
		l->object_of[b] = block_objects_object(&l->contents, b);
	l->owner_of = owners_make(m, &l->contents);
	sum_own(l);
	fill_edges(l);
	n = l->g.nodes;
	memory = xcalloc(graph_components_memory(n), sizeof(*memory));
	marks = xcalloc(n + 1u, 1);
	l->component = xcalloc(n + 1u, sizeof(*l->component));
	graph_components(&l->g, marks, 0, l->component, memory);
	free(marks);
	free(memory);
	backing_make(&l->backing, m, l->owner_of);
	mark_held(l);
	return l;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	backing_release(&l->backing);
	block_objects_release(&l->contents);
	free(l->object_of);
	free(l->owner_of);
	free(l->own_blocks);
	free(l->own_bytes);
	free(l->strong);
	free(l->ended);
	free(l->mark);
	free(l->component);
	free(l->edges);
	free(l->first);
	free(l);
}

uint32_t ledger_last_release(const struct ledger *l, uint32_t object)
{
	size_t first, n = model_events_of(l->m, object, &first);

	while (n--) {
		const struct rkn_event *e = &l->m->events[first + n];

		if (e->kind == RKN_EVENT_RELEASE && e->count > 0)
			return (uint32_t)(first + n);
	}
	return RKN_NONE;
}

/* scratch[i]: references given back so far; what comes to zero ends, and gives
 * back its own. */
uint64_t ledger_simulate(const struct ledger *l, uint32_t reference,
			 int64_t *scratch, uint64_t *bytes)
{
	const struct model *m = l->m;
	size_t read = 0, end = 0;
	uint32_t *queue = NULL;
	uint64_t objects = 0;

	*bytes = 0;
	*LIST_ADD(queue, end) = m->references[reference].to;
	for (; read < end; read++) {
		uint32_t o = queue[read];

		if (++scratch[o] != m->objects[o].count)
			continue;
		objects += 1u + l->own_blocks[o];
		*bytes += l->own_bytes[o];
		if (m->objects[o].block != RKN_NONE)
			*bytes += block_objects_bytes(&l->contents, o);
		for (uint32_t e = l->first[o]; e < l->first[o + 1]; e++) {
			if (l->edges[e].from_word == reference)
				continue;
			*LIST_ADD(queue, end) = l->edges[e].to;
		}
	}
	for (read = 0; read < end; read++)
		scratch[queue[read]] = 0;
	free(queue);
	return objects;
}
