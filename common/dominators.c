/* SPDX-License-Identifier: MIT */
#include "dominators.h"

#include <string.h>

/* Nodes have their preorder numbers here; 0 is a node above all entries. */
struct work {
	const struct graph *g;
	uint32_t *number; /* of each node, from 1; 0: not reached */
	uint32_t *node;   /* by number, as all arrays below */
	uint32_t *parent; /* in the tree; evaluate() shortens it */
	uint32_t *dominator;
	uint32_t *semi;
	uint32_t *label;
	uint32_t *stack; /* also the next edge of each node on it */
	uint32_t *next;
	uint32_t *first; /* node i's predecessors are */
	uint32_t *from;  /* from[first[i] .. first[i + 1]) */
	uint32_t count;
};

#define ARRAYS 9
#define ENTRY  UINT32_MAX /* in `next`, once the tree is made */

size_t dominators_memory(uint32_t nodes, uint32_t edges)
{
	return (size_t)ARRAYS * (nodes + 2ul) + edges + nodes + 3ul;
}

static void discover(struct work *w, uint32_t node, uint32_t parent)
{
	uint32_t n = ++w->count;

	w->number[node] = n;
	w->node[n] = node;
	w->parent[n] = w->dominator[n] = parent;
	w->semi[n] = w->label[n] = n;
}

/* Depth first; next[node] is the edge to follow next. */
static void walk(struct work *w, uint32_t entry)
{
	uint32_t depth = 0;

	if (w->number[entry])
		return;
	discover(w, entry, 0);
	w->next[entry] = w->g->first[entry];
	w->stack[depth++] = entry;
	while (depth) {
		uint32_t node = w->stack[depth - 1], to;

		if (w->next[node] == w->g->first[node + 1]) {
			depth--;
			continue;
		}
		to = w->g->edges[w->next[node]++].to;
		if (w->number[to])
			continue;
		discover(w, to, w->number[node]);
		w->next[to] = w->g->first[to];
		w->stack[depth++] = to;
	}
}

/* The number with the least semidominator on the path up from `v`, among linked
 * numbers, which are `last` and above. Shortens the path. */
static uint32_t evaluate(struct work *w, uint32_t v, uint32_t last)
{
	uint32_t depth = 0, above;

	if (w->parent[v] < last)
		return w->label[v];
	do {
		w->stack[depth++] = v;
		v = w->parent[v];
	} while (w->parent[v] >= last);
	above = v;
	while (depth) {
		v = w->stack[--depth];
		w->parent[v] = w->parent[above];
		if (w->semi[w->label[above]] < w->semi[w->label[v]])
			w->label[v] = w->label[above];
		above = v;
	}
	return w->label[v];
}

static void find_semidominators(struct work *w)
{
	for (uint32_t n = w->count; n >= 1; n--) {
		uint32_t node = w->node[n];

		w->semi[n] = w->parent[n];
		for (uint32_t i = w->first[node]; i < w->first[node + 1]; i++) {
			uint32_t v = w->number[w->from[i]], semi;

			if (!v)
				continue;
			semi = w->semi[evaluate(w, v, n + 1)];
			if (semi < w->semi[n])
				w->semi[n] = semi;
		}
		if (w->next[node] == ENTRY)
			w->semi[n] = 0;
	}
}

uint32_t dominators_find(const struct graph *g, const uint32_t *entries,
			 size_t count, uint32_t *dominator, uint32_t *order,
			 uint32_t *memory)
{
	struct work w = { .g = g };
	size_t n = g->nodes + 2ul;
	uint32_t **arrays[ARRAYS] = { &w.number,    &w.node, &w.parent,
				      &w.dominator, &w.semi, &w.label,
				      &w.stack,     &w.next, &w.first };
	uint32_t edges = g->first[g->nodes];

	for (int i = 0; i < ARRAYS; i++, memory += n)
		*arrays[i] = memory;
	w.from = memory;
	memset(w.number, 0, n * sizeof(*w.number));
	memset(w.first, 0, n * sizeof(*w.first));
	for (uint32_t e = 0; e < edges; e++)
		w.first[g->edges[e].to + 1]++;
	for (uint32_t i = 0; i < g->nodes; i++)
		w.first[i + 1] += w.first[i];
	memcpy(w.next, w.first, g->nodes * sizeof(*w.next));
	for (uint32_t e = 0; e < edges; e++)
		w.from[w.next[g->edges[e].to]++] = g->edges[e].from;
	for (size_t i = 0; i < count; i++)
		walk(&w, entries[i]);
	/* Entries are marked: they hang from the node above all. */
	for (size_t i = 0; i < count; i++)
		w.next[entries[i]] = ENTRY;
	find_semidominators(&w);
	memset(dominator, 0xff, g->nodes * sizeof(*dominator));
	for (uint32_t i = 1; i <= w.count; i++) {
		uint32_t d = w.dominator[i];

		while (d > w.semi[i])
			d = w.dominator[d];
		w.dominator[i] = d;
		if (d)
			dominator[w.node[i]] = w.node[d];
		order[i - 1] = w.node[i];
	}
	return w.count;
}
