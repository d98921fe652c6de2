/* SPDX-License-Identifier: MIT */
/*
 * Breadth-first marking and strongly connected components.
 *
 * The components follow PEA_FIND_SCC3 (D. Pearce, "A space-efficient algorithm
 * for finding strongly connected components", 2016): one number a node, which
 * is its visit index while the node is open and its component afterwards, and
 * one array that holds two stacks growing towards each other, because a node
 * is on at most one of them.
 */
#include "graph.h"

#include <stdbool.h>

#define OUTSIDE   UINT32_MAX
#define WORD_BITS 32
#define AHEAD     16 /* nodes */

/*
 * Nodes lie anywhere in memory, and each step needs what the step before it
 * loaded: the node's first edge, the edge, the mark of the node there.  So it
 * prefetches early, one step after another.
 */
static void look_ahead(const struct graph *g, const uint8_t *mark,
		       const uint32_t *queue, uint32_t count)
{
	uint32_t node;

	if (count > 3 * AHEAD)
		__builtin_prefetch(&g->first[queue[3 * AHEAD]]);
	if (count > 2 * AHEAD)
		__builtin_prefetch(&g->edges[g->first[queue[2 * AHEAD]]]);
	if (count <= AHEAD)
		return;
	node = queue[AHEAD];
	for (uint32_t e = g->first[node];
	     e < g->first[node + 1] && e < g->first[node] + AHEAD; e++)
		__builtin_prefetch(&mark[g->edges[e].to]);
}

uint32_t graph_mark(const struct graph *g, const uint32_t *starts, size_t count,
		    uint8_t colour, uint8_t *mark, graph_edge_filter *filter,
		    void *data, uint32_t *queue)
{
	uint32_t tail = 0;

	for (size_t i = 0; i < count; i++) {
		if (mark[starts[i]])
			continue;
		mark[starts[i]] = colour;
		queue[tail++] = starts[i];
	}
	for (uint32_t head = 0; head < tail; head++) {
		uint32_t node = queue[head];

		look_ahead(g, mark, queue + head, tail - head);
		for (uint32_t e = g->first[node]; e < g->first[node + 1]; e++) {
			uint32_t to = g->edges[e].to;

			if (mark[to] || (filter && !filter(&g->edges[e], data)))
				continue;
			mark[to] = colour;
			queue[tail++] = to;
		}
	}
	return tail;
}

/*
 * A search under way.  stack[] holds the path from the start to the current
 * node at its front, and finished nodes whose component is still open at its
 * back.  next[] belongs to the path: the number of the edge to look at.
 * A bit in lowest[] says that the node reaches no node visited before it.
 */
struct search {
	const struct graph *g;
	uint32_t *number; /* 0: not visited; index from 1; or component */
	uint32_t *stack;
	uint32_t *next;
	uint32_t *lowest;
	uint32_t path;      /* nodes at the front of stack[] */
	uint32_t open;      /* first used place at the back of stack[] */
	uint32_t index;     /* for the next node */
	uint32_t component; /* for the next component, counting down */
};

static void set_lowest(struct search *s, uint32_t node, bool value)
{
	uint32_t bit = 1u << (node % WORD_BITS);

	if (value)
		s->lowest[node / WORD_BITS] |= bit;
	else
		s->lowest[node / WORD_BITS] &= ~bit;
}

static void enter(struct search *s, uint32_t node)
{
	s->stack[s->path] = node;
	s->next[s->path++] = 0;
	s->number[node] = s->index++;
	set_lowest(s, node, true);
}

/* Go one edge further from the path's last node, or leave it. */
static void step(struct search *s)
{
	uint32_t node = s->stack[s->path - 1];
	uint32_t first = s->g->first[node];
	uint32_t count = s->g->first[node + 1] - first;

	for (uint32_t *i = &s->next[s->path - 1]; *i < count; (*i)++) {
		uint32_t to = s->g->edges[first + *i].to;

		if (!s->number[to]) {
			enter(s, to); /* the edge is looked at again after */
			return;
		}
		if (s->number[to] < s->number[node]) {
			s->number[node] = s->number[to];
			set_lowest(s, node, false);
		}
	}
	/* All are done: close its component, or leave it to the open one. */
	s->path--;
	if (!(s->lowest[node / WORD_BITS] >> (node % WORD_BITS) & 1)) {
		s->stack[--s->open] = node;
		return;
	}
	s->index--;
	while (s->open < s->g->nodes &&
	       s->number[node] <= s->number[s->stack[s->open]]) {
		s->number[s->stack[s->open++]] = s->component;
		s->index--;
	}
	s->number[node] = s->component--;
}

size_t graph_components_memory(uint32_t nodes)
{
	return 2 * (size_t)nodes + nodes / WORD_BITS + 1;
}

uint32_t graph_components(const struct graph *g, const uint8_t *mark,
			  uint8_t colour, uint32_t *component, uint32_t *memory)
{
	struct search s = {
		.g = g,
		.number = component,
		.stack = memory,
		.next = memory + g->nodes,
		.lowest = memory + 2 * (size_t)g->nodes,
		.open = g->nodes,
		.index = 1,
		.component = g->nodes - 1,
	};

	for (uint32_t i = 0; i < g->nodes; i++)
		component[i] = mark[i] == colour ? 0 : OUTSIDE;
	for (uint32_t i = 0; i < g->nodes; i++) {
		if (component[i])
			continue;
		enter(&s, i);
		while (s.path)
			step(&s);
	}
	for (uint32_t i = 0; i < g->nodes; i++)
		if (component[i] != OUTSIDE)
			component[i] = g->nodes - 1 - component[i];
	return g->nodes - 1 - s.component;
}
