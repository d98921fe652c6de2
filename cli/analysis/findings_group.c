/* SPDX-License-Identifier: MIT */
/* Which instances are alike, and so one finding. */

#include "analysis.h"
#include "hash.h"
#include "list.h"
#include "value_set.h"

uint32_t analysis_stack(struct analysis *a, uint32_t block)
{
	uint32_t stack = a->m->blocks[block].stack;

	return a->symbols ? stack_class(&a->alike, stack) : stack;
}

struct finding_key analysis_cycle_key(struct analysis *a,
				      const uint32_t *members, uint32_t count)
{
	struct value_set kinds = { 0 };
	uint64_t key;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t b = members[i];

		for (uint32_t e = a->first[b]; e < a->first[b + 1]; e++) {
			const struct rkn_edge *edge = &a->g.edges[e];
			uint64_t stacks, places;

			if (a->component[edge->to] != a->component[b])
				continue;
			stacks = (uint64_t)analysis_stack(a, b) << 32 |
				 analysis_stack(a, edge->to);
			places =
			    (uint64_t)edge->from_word << 32 | edge->to_offset;
			value_set_add(
			    &kinds,
			    value_set_mix(value_set_mix(stacks) + places));
		}
	}
	key = value_set_hash(&kinds);
	value_set_release(&kinds);
	return (struct finding_key){ FINDING_CYCLE, 0, (uint32_t)key,
				     (uint32_t)(key >> 32) };
}

struct finding_group {
	struct finding_key key;
	uint32_t finding;
	UT_hash_handle hh;
};

struct finding *analysis_group(struct analysis *a, struct finding_group **table,
			       const struct finding_key *key)
{
	struct finding_group *g;

	HASH_FIND(hh, *table, key, sizeof(*key), g);
	if (!g) {
		HASH_MAKE(*table, key, *key, g);
		g->finding = (uint32_t)a->count;
		*LIST_ADD(a->list, a->count) =
		    (struct finding){ .kind = (enum finding_kind)key->kind,
				      .stack = key->stack,
				      .held_by_root = RKN_NONE,
				      .held_by_edge = RKN_NONE,
				      .reference = RKN_NONE,
				      .undeclared = RKN_NONE,
				      .orphaned = RKN_NONE,
				      .hint = RKN_NONE,
				      .error = RKN_NONE };
	}
	return &a->list[g->finding];
}

void analysis_release_groups(struct finding_group **table)
{
	HASH_FREE(*table);
}
