/* SPDX-License-Identifier: MIT */
/* Which instances are alike, and so one finding. */
#include <stdlib.h>

#include "analysis.h"
#include "die.h"
#include "hash.h"
#include "list.h"
#include "value_set.h"

struct cycle_group {
	uint64_t key; /* of the set of pointers that the cycles consist of */
	uint32_t finding;
	UT_hash_handle hh;
};

/* A new finding without instances; its index. */
static uint32_t analysis_add(struct analysis *a, enum finding_kind kind,
			     uint32_t stack)
{
	LIST_GROW(a->list, a->count);
	a->list[a->count] = (struct finding){ .kind = kind,
					      .stack = stack,
					      .held_by_root = RKN_NONE,
					      .held_by_edge = RKN_NONE,
					      .reference = RKN_NONE,
					      .undeclared = RKN_NONE,
					      .orphaned = RKN_NONE,
					      .hint = RKN_NONE,
					      .error = RKN_NONE };
	return (uint32_t)a->count++;
}

uint32_t analysis_group_leak(struct analysis *a, uint32_t *by_stack,
			     enum finding_kind kind, uint32_t stack)
{
	if (!by_stack[stack])
		by_stack[stack] = 1 + analysis_add(a, kind, stack);
	return by_stack[stack] - 1;
}

static uint64_t pointer_kind(struct analysis *a, const struct rkn_edge *e)
{
	uint64_t stacks = (uint64_t)analysis_stack(a, e->from) << 32 |
			  analysis_stack(a, e->to);
	uint64_t places = (uint64_t)e->from_word << 32 | e->to_offset;

	return value_set_mix(value_set_mix(stacks) + places);
}

/* Equal for cycles of the same kinds of pointers, wherever they begin. */
static uint64_t cycle_key(struct analysis *a, const uint32_t *members,
			  uint32_t count, struct value_set *kinds)
{
	uint64_t key = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t b = members[i];

		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++) {
			const struct rkn_edge *edge = &a->g.edges[e];

			if (a->component[edge->to] == a->component[b])
				value_set_add(kinds, pointer_kind(a, edge));
		}
	}
	value_set_sort(kinds);
	for (size_t i = 0; i < kinds->count; i++)
		key = value_set_mix(key + kinds->values[i]);
	return key;
}

uint32_t analysis_group_cycle(struct analysis *a, struct cycle_group **table,
			      const uint32_t *members, uint32_t count,
			      uint32_t head)
{
	struct value_set kinds = { 0 };
	struct cycle_group *group;
	uint64_t key = cycle_key(a, members, count, &kinds);

	value_set_release(&kinds);
	HASH_FIND(hh, *table, &key, sizeof(key), group);
	if (!group) {
		group = xcalloc(1, sizeof(*group));
		group->key = key;
		group->finding =
		    analysis_add(a, FINDING_CYCLE, a->m->blocks[head].stack);
		HASH_ADD(hh, *table, key, sizeof(group->key), group);
	}
	return group->finding;
}

void analysis_release_cycles(struct cycle_group **table)
{
	struct cycle_group *group, *next;

	HASH_ITER (hh, *table, group, next) {
		HASH_DEL(*table, group);
		free(group);
	}
}

struct ledger_group {
	struct ledger_key key;
	uint32_t finding;
	UT_hash_handle hh;
};

struct finding *analysis_group(struct analysis *a, struct ledger_group **table,
			       const struct ledger_key *key)
{
	struct ledger_group *g;

	HASH_FIND(hh, *table, key, sizeof(*key), g);
	if (!g) {
		g = xcalloc(1, sizeof(*g));
		g->key = *key;
		g->finding =
		    analysis_add(a, (enum finding_kind)key->kind, key->stack);
		HASH_ADD(hh, *table, key, sizeof(g->key), g);
	}
	return &a->list[g->finding];
}

void analysis_release_groups(struct ledger_group **table)
{
	struct ledger_group *g, *next;

	HASH_ITER (hh, *table, g, next) {
		HASH_DEL(*table, g);
		free(g);
	}
}
