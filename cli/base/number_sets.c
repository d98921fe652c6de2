/* SPDX-License-Identifier: MIT */
#include "number_sets.h"

#include <stdlib.h>

#include "value_set.h"
#include "xmalloc.h"

#define LEAF_BITS 6
#define MEMOS     (1u << 14)
#define FIRST     1024 /* nodes */

struct number_sets_memo {
	uint32_t a, b, result; /* a is not empty; 0: it is free */
};

static uint64_t pair(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static uint32_t place_of(const struct number_sets *s, uint32_t leaf,
			 uint64_t node)
{
	uint64_t hash = value_set_mix(value_set_mix(node) + leaf);
	uint32_t i = (uint32_t)hash & (s->size - 1);

	while (s->table[i] &&
	       (s->nodes[s->table[i]] != node || s->leaf[s->table[i]] != leaf))
		i = (i + 1) & (s->size - 1);
	return i;
}

static void grow(struct number_sets *s)
{
	s->room = s->room ? 2 * s->room : FIRST;
	s->nodes = xreallocarray(s->nodes, s->room, sizeof(*s->nodes));
	s->leaf = xreallocarray(s->leaf, s->room, sizeof(*s->leaf));
	free(s->table);
	s->size = 2 * s->room;
	s->table = xcalloc(s->size, sizeof(*s->table));
	for (uint32_t i = 1; i < s->count; i++)
		s->table[place_of(s, s->leaf[i], s->nodes[i])] = i;
}

/* The only node that is like this one. */
static uint32_t node_of(struct number_sets *s, uint32_t leaf, uint64_t node)
{
	uint32_t i;

	if (!node)
		return NUMBER_SETS_EMPTY;
	i = place_of(s, leaf, node);
	if (s->table[i])
		return s->table[i];
	if (s->count >= s->most) {
		s->full = true;
		return NUMBER_SETS_EMPTY;
	}
	if (s->count == s->room) {
		grow(s);
		i = place_of(s, leaf, node);
	}
	s->table[i] = s->count;
	s->nodes[s->count] = node;
	s->leaf[s->count] = leaf;
	return s->count++;
}

void number_sets_init(struct number_sets *s, uint32_t numbers, uint32_t most)
{
	*s = (struct number_sets){ .count = 1, .most = most };
	while (numbers && (numbers - 1) >> (LEAF_BITS + s->levels))
		s->levels++;
	grow(s);
	s->nodes[0] = 0;
	s->leaf[0] = 0;
	s->added = xcalloc(MEMOS, sizeof(*s->added));
	s->met = xcalloc(MEMOS, sizeof(*s->met));
}

void number_sets_release(struct number_sets *s)
{
	free(s->nodes);
	free(s->leaf);
	free(s->table);
	free(s->added);
	free(s->met);
	*s = (struct number_sets){ 0 };
}

static struct number_sets_memo *memo_of(struct number_sets_memo *memos,
					uint32_t a, uint32_t b)
{
	return &memos[value_set_mix(pair(a, b)) & (MEMOS - 1)];
}

static uint32_t add(struct number_sets *s, uint32_t set, uint32_t number,
		    int level)
{
	uint64_t node = s->nodes[set];
	uint32_t low = (uint32_t)node, high = (uint32_t)(node >> 32);

	if (!level)
		return node_of(s, 1 + (number >> LEAF_BITS),
			       node | 1ull << (number % 64));
	if (number >> (LEAF_BITS + level - 1) & 1)
		high = add(s, high, number, level - 1);
	else
		low = add(s, low, number, level - 1);
	return node_of(s, 0, pair(low, high));
}

uint32_t number_sets_add(struct number_sets *s, uint32_t set, uint32_t number)
{
	struct number_sets_memo *m;

	if (!set)
		return add(s, set, number, s->levels);
	m = memo_of(s->added, set, number);
	if (m->a != set || m->b != number)
		*m =
		    (struct number_sets_memo){ set, number,
					       add(s, set, number, s->levels) };
	return m->result;
}

uint32_t number_sets_meet(struct number_sets *s, uint32_t a, uint32_t b)
{
	uint64_t x = s->nodes[a], y = s->nodes[b];
	struct number_sets_memo *m;
	uint32_t low, high;

	if (a == b || !a || !b)
		return a && b ? a : NUMBER_SETS_EMPTY;
	if (s->leaf[a])
		return node_of(s, s->leaf[a], x & y);
	if (a > b)
		return number_sets_meet(s, b, a);
	m = memo_of(s->met, a, b);
	if (m->a == a && m->b == b)
		return m->result;
	low = number_sets_meet(s, (uint32_t)x, (uint32_t)y);
	high = number_sets_meet(s, (uint32_t)(x >> 32), (uint32_t)(y >> 32));
	*m = (struct number_sets_memo){ a, b, node_of(s, 0, pair(low, high)) };
	return m->result;
}

bool number_sets_has(const struct number_sets *s, uint32_t set, uint32_t number)
{
	for (int level = s->levels; set && level; level--)
		set = (uint32_t)(s->nodes[set] >>
				 (number >> (LEAF_BITS + level - 1) & 1) * 32);
	return set && s->nodes[set] >> (number % 64) & 1;
}

void number_sets_spread(const struct number_sets *s, uint64_t *by_set,
			uint64_t *by_number)
{
	for (uint32_t i = s->count; i-- > 1;) {
		uint64_t node = s->nodes[i];

		if (!s->leaf[i]) {
			by_set[(uint32_t)node] += by_set[i];
			by_set[node >> 32] += by_set[i];
			continue;
		}
		for (; node; node &= node - 1)
			by_number[64 * (s->leaf[i] - 1) +
				  (uint32_t)__builtin_ctzll(node)] += by_set[i];
	}
}
