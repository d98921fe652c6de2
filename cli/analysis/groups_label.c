/* SPDX-License-Identifier: MIT */
#include "groups_label.h"

#include <stdlib.h>

#include "groups_find.h"
#include "hash.h"
#include "place.h"
#include "walk.h"

/* Types that are equal have the same pointer. */
struct typed {
	const char *type;
	uint32_t group;
	UT_hash_handle hh;
};

static uint32_t of_type(struct groups *g, struct groups_entry **table,
			struct typed **types, const char *type)
{
	struct typed *t;

	HASH_FIND_PTR(*types, &type, t);
	if (!t) {
		HASH_MAKE(*types, type, type, t);
		t->group = (uint32_t)groups_find(g, table, xstrdup(type));
	}
	return t->group;
}

/* The function that the site called, where it only hands on what it allocated and
 * has no name that says so: NULL if there is none. */
static const struct location *handed_on(const struct reading *in,
					uint32_t stack)
{
	const struct location *at = block_types_place(in->types, stack);
	const struct location *l, *last = NULL;
	struct walk w;

	walk_begin(&w, in->m, in->symbols, stack);
	while ((l = walk_next(&w)) && l != at)
		last = l;
	return l && last && !place_allocates(last) && !place_is_of_libc(last)
		   ? last
		   : NULL;
}

static char *key_of(const struct reading *in, enum group_by by, uint32_t stack)
{
	char *key = groups_key(in, by, stack), *through, *both;
	const struct location *l =
	    by == GROUP_BY_FILE ? NULL : handed_on(in, stack);

	if (!l)
		return key;
	through = place_function(l);
	both = xasprintf("%s through %s", key, through);
	free(through);
	free(key);
	return both;
}

uint32_t *groups_label(struct groups *g, const struct reading *in,
		       enum group_by by)
{
	const struct model *m = in->m;
	uint32_t *labels = xcalloc(m->block_count + 1, sizeof(*labels));
	uint32_t *of_stack = xcalloc(m->stack_count + 1, sizeof(*of_stack));
	struct groups_entry *table = NULL;
	struct typed *types = NULL;

	*g = (struct groups){ 0 };
	for (uint32_t i = 0; i < m->block_count; i++) {
		const struct rkn_block *b = &m->blocks[i];

		if (by == GROUP_BY_TYPE) {
			labels[i] = of_type(g, &table, &types,
					    names_block_type(in->names, i));
		} else {
			if (!of_stack[b->stack])
				of_stack[b->stack] =
				    1 +
				    (uint32_t)groups_find(
					g, &table, key_of(in, by, b->stack));
			labels[i] = of_stack[b->stack] - 1;
		}
		g->list[labels[i]].live++;
		g->list[labels[i]].bytes += b->size;
	}
	groups_release_table(&table);
	HASH_FREE(types);
	free(of_stack);
	return labels;
}
