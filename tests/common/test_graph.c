/* SPDX-License-Identifier: MIT */
/* The graph engine against what a closure over all pairs says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dominators.h"
#include "graph.h"

#define MOST_NODES 24
#define MOST_EDGES 80
#define ROUNDS     3000
#define WORDS      (2 * MOST_NODES + 2)

struct sample {
	struct graph g;
	uint32_t first[MOST_NODES + 1];
	struct rkn_edge edges[MOST_EDGES];
	bool reach[MOST_NODES][MOST_NODES]; /* over admitted edges, 0+ steps */
};

static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * limit >> 32);
}

static void make_graph(struct sample *s)
{
	uint32_t nodes = 1 + random_below(MOST_NODES);
	uint32_t edges = random_below(3 * nodes);
	uint32_t n = 0;

	memset(s, 0, sizeof(*s));
	for (uint32_t i = 0; i < nodes; i++) {
		s->first[i] = n;
		while (n < MOST_EDGES && n < edges * (i + 1) / nodes) {
			s->edges[n].from = i;
			s->edges[n].to = random_below(nodes);
			s->edges[n++].to_offset = random_below(3) ? 0 : 8;
		}
	}
	s->first[nodes] = n;
	s->g = (struct graph){ nodes, s->first, s->edges };
}

/* Warshall's closure of the subgraph of nodes with mark == colour. */
static void close_graph(struct sample *s, const uint8_t *mark, uint8_t colour,
			bool exact)
{
	uint32_t n = s->g.nodes;

	memset(s->reach, 0, sizeof(s->reach));
	for (uint32_t i = 0; i < n; i++)
		s->reach[i][i] = mark[i] == colour;
	for (uint32_t e = 0; e < s->first[n]; e++)
		if (mark[s->edges[e].from] == colour &&
		    mark[s->edges[e].to] == colour &&
		    !(exact && s->edges[e].to_offset))
			s->reach[s->edges[e].from][s->edges[e].to] = true;
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < n; j++)
				s->reach[i][j] |=
				    s->reach[i][k] && s->reach[k][j];
}

static int is_exact(const struct rkn_edge *edge, void *data)
{
	(*(unsigned *)data)++;
	return edge->to_offset == 0;
}

static void check_mark(struct sample *s)
{
	uint8_t mark[MOST_NODES] = { 0 }, before[MOST_NODES] = { 0 };
	uint32_t queue[MOST_NODES], starts[3], count = random_below(4), n = 0;
	unsigned asked = 0;
	uint32_t marked;

	close_graph(s, before, 0, true);
	for (uint32_t i = 0; i < count; i++)
		starts[i] = random_below(s->g.nodes);
	marked =
	    graph_mark(&s->g, starts, count, 5, mark, is_exact, &asked, queue);
	for (uint32_t i = 0; i < s->g.nodes; i++) {
		bool expected = false;

		for (uint32_t k = 0; k < count; k++)
			expected |= s->reach[starts[k]][i];
		assert_int_equal(mark[i], expected ? 5 : 0);
		n += expected;
	}
	assert_int_equal(marked, n);
	for (uint32_t i = 0; i < marked; i++)
		assert_int_equal(mark[queue[i]], 5);
	assert_true(asked <= s->first[s->g.nodes]);
}

static void mark_reaches_what_a_closure_reaches(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct sample s;

		make_graph(&s);
		check_mark(&s);
	}
}

static void check_components(const struct sample *s, const uint8_t *mark,
			     const uint32_t *component, uint32_t count)
{
	bool used[MOST_NODES] = { false };
	uint32_t distinct = 0;

	for (uint32_t i = 0; i < s->g.nodes; i++) {
		if (mark[i] != 1) {
			assert_int_equal(component[i], UINT32_MAX);
			continue;
		}
		assert_true(component[i] < count);
		distinct += !used[component[i]];
		used[component[i]] = true;
		for (uint32_t j = 0; j < s->g.nodes; j++) {
			bool both = s->reach[i][j] && s->reach[j][i];

			if (mark[j] != 1)
				continue;
			assert_int_equal(component[i] == component[j], both);
			if (s->reach[i][j] && !both)
				assert_true(component[i] > component[j]);
		}
	}
	assert_int_equal(distinct, count);
}

static void components_are_mutual_reachability(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct sample s;
		uint8_t mark[MOST_NODES];
		uint32_t component[MOST_NODES], memory[WORDS], count;

		make_graph(&s);
		assert_true(graph_components_memory(s.g.nodes) <= WORDS);
		for (uint32_t k = 0; k < s.g.nodes; k++)
			mark[k] = random_below(5) ? 1 : 0;
		close_graph(&s, mark, 1, false);
		memset(memory, 0xff, sizeof(memory));
		count = graph_components(&s.g, mark, 1, component, memory);
		check_components(&s, mark, component, count);
	}
}

static void marking_keeps_what_was_marked(void **state)
{
	const struct rkn_edge edges[] = { { .from = 0, .to = 1 },
					  { .from = 1, .to = 2 } };
	const uint32_t first[] = { 0, 1, 2, 2 };
	const struct graph g = { 3, first, edges };
	uint8_t mark[3] = { 0, 7, 0 };
	uint32_t queue[3], start = 0;

	(void)state;
	assert_int_equal(graph_mark(&g, &start, 1, 1, mark, NULL, NULL, queue),
			 1);
	assert_int_equal(mark[1], 7);
	assert_int_equal(mark[2], 0);
}

/* Does some path from the entries to `node` avoid `without`? */
static bool is_reached(const struct sample *s, const uint32_t *entries,
		       size_t count, uint32_t node, uint32_t without)
{
	uint8_t mark[MOST_NODES] = { 0 };
	uint32_t queue[MOST_NODES];

	if (node == without)
		return false;
	if (without < s->g.nodes)
		mark[without] = 9;
	graph_mark(&s->g, entries, count, 1, mark, NULL, NULL, queue);
	return mark[node] == 1;
}

/* Each reached node once, after its dominator. */
static void check_order(const struct sample *s, const uint32_t *dominator,
			const uint32_t *order, uint32_t reached)
{
	bool seen[MOST_NODES] = { false };

	for (uint32_t i = 0; i < reached; i++) {
		uint32_t node = order[i];

		assert_true(node < s->g.nodes && !seen[node]);
		assert_true(dominator[node] == DOMINATORS_NONE ||
			    seen[dominator[node]]);
		seen[node] = true;
	}
}

/* Its dominator is on every path, and every other node that is dominates that
 * one. */
static void check_dominators(const struct sample *s, const uint32_t *entries,
			     size_t count)
{
	uint32_t dominator[MOST_NODES], order[MOST_NODES], n, reached = 0;
	uint32_t memory[11 * MOST_NODES + MOST_EDGES + 30];

	assert_true(dominators_memory(s->g.nodes, s->first[s->g.nodes]) <=
		    sizeof(memory) / sizeof(*memory));
	n = dominators_find(&s->g, entries, count, dominator, order, memory);
	for (uint32_t i = 0; i < s->g.nodes; i++) {
		uint32_t best = DOMINATORS_NONE, most = 0;

		if (!is_reached(s, entries, count, i, UINT32_MAX)) {
			assert_int_equal(dominator[i], DOMINATORS_NONE);
			continue;
		}
		reached++;
		for (uint32_t d = 0; d < s->g.nodes; d++) {
			uint32_t above = 0;

			if (d == i || is_reached(s, entries, count, i, d))
				continue;
			for (uint32_t x = 0; x < s->g.nodes; x++)
				above += !is_reached(s, entries, count, d, x);
			if (best == DOMINATORS_NONE || above > most) {
				best = d;
				most = above;
			}
		}
		assert_int_equal(dominator[i], best);
	}
	assert_int_equal(n, reached);
	check_order(s, dominator, order, n);
}

static void dominators_are_on_every_path(void **state)
{
	struct sample s;

	(void)state;
	for (int round = 0; round < ROUNDS / 10; round++) {
		uint32_t entries[3];
		size_t count = random_below(4);

		make_graph(&s);
		for (size_t i = 0; i < count; i++)
			entries[i] = random_below(s.g.nodes);
		check_dominators(&s, entries, count);
	}
}

static void no_nodes_have_no_components(void **state)
{
	const uint32_t first[] = { 0 };
	const struct graph g = { 0, first, NULL };
	uint32_t component[1], memory[WORDS];
	uint8_t mark[1] = { 0 };

	(void)state;
	assert_int_equal(graph_components(&g, mark, 0, component, memory), 0);
}

/* A recursive search would run out of stack here. */
static void a_chain_of_a_million_needs_no_stack(void **state)
{
	uint32_t n = 1000000;
	uint32_t *first = calloc(n + 1, sizeof(*first));
	struct rkn_edge *edges = calloc(n, sizeof(*edges));
	uint8_t *mark = calloc(n, 1);
	uint32_t *component = calloc(n, sizeof(*component));
	uint32_t *memory = calloc(graph_components_memory(n), sizeof(*memory));
	struct graph g = { n, first, edges };

	(void)state;
	for (uint32_t i = 0; i <= n; i++)
		first[i] = i;
	for (uint32_t i = 0; i < n; i++)
		edges[i] = (struct rkn_edge){ .from = i, .to = (i + 1) % n };
	assert_int_equal(graph_components(&g, mark, 0, component, memory), 1);
	first[n] = n - 1; /* open the ring */
	assert_int_equal(graph_components(&g, mark, 0, component, memory), n);
	assert_int_equal(component[0], n - 1);
	free(first);
	free(edges);
	free(mark);
	free(component);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_reaches_what_a_closure_reaches),
		cmocka_unit_test(components_are_mutual_reachability),
		cmocka_unit_test(marking_keeps_what_was_marked),
		cmocka_unit_test(dominators_are_on_every_path),
		cmocka_unit_test(no_nodes_have_no_components),
		cmocka_unit_test(a_chain_of_a_million_needs_no_stack),
	};

	return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
