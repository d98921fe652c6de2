/* SPDX-License-Identifier: MIT */
#include "root_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

static void add(struct root_pair *p, uint32_t label)
{
	if (label == ROOT_PAIR_NONE || p->one == label || p->other == label ||
	    p->other == ROOT_PAIR_MORE)
		return;
	if (label == ROOT_PAIR_MORE || p->other != ROOT_PAIR_NONE)
		*p = (struct root_pair){ 0, ROOT_PAIR_MORE };
	else if (p->one == ROOT_PAIR_NONE)
		p->one = label;
	else if (p->one < label)
		p->other = label;
	else
		*p = (struct root_pair){ label, p->one };
}

static void join(struct root_pair *p, const struct root_pair *with)
{
	if (with->other == ROOT_PAIR_MORE) {
		add(p, ROOT_PAIR_MORE);
		return;
	}
	add(p, with->one);
	add(p, with->other);
}

/* The blocks that roots lead to, sorted by component, in order[0 .. result).
 * `start` is memory for a number each component. */
static uint32_t sort_blocks(const struct holding *h, const uint32_t *component,
			    uint32_t components, uint32_t *start,
			    uint32_t *order)
{
	uint32_t before = 0;

	memset(start, 0, components * sizeof(*start));
	for (uint32_t b = 0; b < h->g.nodes; b++)
		if (component[b] != UINT32_MAX)
			start[component[b]]++;
	for (uint32_t c = 0; c < components; c++) {
		uint32_t size = start[c];

		start[c] = before;
		before += size;
	}
	for (uint32_t b = 0; b < h->g.nodes; b++)
		if (component[b] != UINT32_MAX)
			order[start[component[b]]++] = b;
	return before;
}

/* A component has a greater number than those that it leads to, so that its pair
 * is known when it is passed on. */
static void pass_on(struct root_pair *of, const struct holding *h,
		    const uint32_t *component, const uint32_t *order,
		    uint32_t count)
{
	for (uint32_t i = count; i-- > 0;) {
		uint32_t b = order[i];

		for (uint32_t e = h->first[b]; e < h->first[b + 1]; e++) {
			uint32_t to = component[h->g.edges[e].to];

			if (to != component[b])
				join(&of[to], &of[component[b]]);
		}
	}
}

static void enter_roots(struct root_pair *of, const struct holding *h,
			const uint32_t *component, const uint32_t *of_root)
{
	const struct model *m = h->m;

	for (size_t i = 0; i < m->root_count; i++, of_root++)
		if (!holding_is_weak(h, i))
			add(&of[component[m->roots[i].block]], *of_root);
	for (size_t i = 0; i < m->gone_count; i++)
		add(&of[component[m->gone[i].block]], *of_root++);
	for (uint32_t i = 0; i < h->said_count; i++)
		add(&of[component[h->said[i]]], *of_root++);
}

void root_pairs_find(struct root_pair *pairs, const struct holding *h,
		     const uint32_t *of_root)
{
	static const struct root_pair none = { ROOT_PAIR_NONE, ROOT_PAIR_NONE };
	uint32_t nodes = h->g.nodes, components, count;
	uint32_t *component = xcalloc(nodes + 1ul, sizeof(*component));
	uint32_t *memory =
	    xcalloc(graph_components_memory(nodes) + 1, sizeof(*memory));
	uint8_t *kept = xcalloc(nodes + 1ul, 1);
	struct root_pair *of;

	for (uint32_t b = 0; b < nodes; b++)
		kept[b] = h->mark[b] != HOLDING_LOST;
	components = graph_components(&h->g, kept, 1, component, memory);
	of = xcalloc(components + 1ul, sizeof(*of));
	for (uint32_t c = 0; c < components; c++)
		of[c] = none;
	count = sort_blocks(h, component, components, memory, memory + nodes);
	enter_roots(of, h, component, of_root);
	pass_on(of, h, component, memory + nodes, count);
	for (uint32_t b = 0; b < nodes; b++)
		pairs[b] = kept[b] ? of[component[b]] : none;
	free(of);
	free(kept);
	free(memory);
	free(component);
}
