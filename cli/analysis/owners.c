/* SPDX-License-Identifier: MIT */
#include "owners.h"

#include <stdlib.h>

#include "die.h"
#include "graph.h"

#define MANY UINT32_MAX /* owners, so that none is known */

struct search {
	const struct model *m;
	const struct block_objects *c;
	uint32_t *owners;
	uint32_t *first; /* edges of each block */
	/* A block is put there when it gets an owner, and when it gets more. */
	uint32_t *queue;
	uint32_t head, tail;
};

static void put(struct search *s, uint32_t block, uint32_t owner)
{
	s->owners[block] = owner;
	s->queue[s->tail++] = block;
}

/* Passes on what is in the queue. */
static void pass_on(struct search *s)
{
	while (s->head < s->tail) {
		uint32_t b = s->queue[s->head++], owner = s->owners[b];

		for (uint32_t e = s->first[b]; e < s->first[b + 1]; e++) {
			uint32_t to = s->m->edges[e].to;

			if (s->c->count[to] || s->owners[to] == owner ||
			    s->owners[to] == MANY)
				continue;
			put(s, to, s->owners[to] ? MANY : owner);
		}
	}
}

uint32_t *owners_make(const struct model *m, const struct block_objects *c)
{
	struct search s = { .m = m, .c = c };

	s.first = xcalloc(m->block_count + 1, sizeof(*s.first));
	graph_index(s.first, m->block_count, m->edges, m->edge_count);
	s.owners = xcalloc(m->block_count + 1, sizeof(*s.owners));
	s.queue = xcalloc(2 * m->block_count + 1, sizeof(*s.queue));
	for (size_t i = 0; i < m->root_count; i++) {
		uint32_t b = m->roots[i].block;

		if (!c->count[b] && s.owners[b] != MANY)
			put(&s, b, MANY);
	}
	/* Of several objects in a block, which points where is not asked. */
	for (uint32_t b = 0; b < m->block_count; b++)
		if (c->count[b])
			put(&s, b, c->count[b] == 1 ? c->first[b] : MANY);
	pass_on(&s);
	/* What no object leads to. */
	for (uint32_t b = 0; b < m->block_count; b++)
		if (!s.owners[b])
			put(&s, b, MANY);
	pass_on(&s);
	for (uint32_t b = 0; b < m->block_count; b++)
		if (s.owners[b] == MANY)
			s.owners[b] = block_objects_object(c, b);
	free(s.first);
	free(s.queue);
	return s.owners;
}
