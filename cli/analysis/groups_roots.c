/* SPDX-License-Identifier: MIT */
#include "groups_roots.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "groups_find.h"
#include "holding.h"
#include "root_names.h"
#include "root_pairs.h"

/* Which group each root is of, as root_pairs_find() wants it; groups before
 * *variables are of variables. */
static uint32_t *find_groups(struct groups *g, const struct reading *in,
			     const struct holding *h, size_t *variables)
{
	const struct model *m = in->m;
	size_t count = m->root_count + m->gone_count + h->said_count;
	uint32_t *of_root = xcalloc(count + 1, sizeof(*of_root));
	struct rkn_root said = { .kind = RKN_ROOT_DECLARED };
	struct groups_entry *table = NULL;
	char *text;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			const struct rkn_root *root =
			    i < m->root_count ? &m->roots[i]
			    : i < m->root_count + m->gone_count
				? &m->gone[i - m->root_count]
				: &said;

			if ((root->kind != RKN_ROOT_DATA) != pass)
				continue;
			text = root_name(in, root);
			of_root[i] =
			    (uint32_t)groups_find(g, &table, escape(text));
			free(text);
		}
		if (!pass)
			*variables = g->count;
	}
	groups_release_table(&table);
	return of_root;
}

/* The group of what those two lead to; a variable is named first, and of two the
 * first by name. */
static size_t group_of(struct groups *g, struct groups_entry **table,
		       const struct root_pair *p, size_t variables)
{
	const char *one, *other;

	if (p->one == ROOT_PAIR_NONE)
		return groups_find(g, table, xstrdup("no root"));
	if (p->other == ROOT_PAIR_MORE)
		return groups_find(g, table, xstrdup("more than two roots"));
	if (p->other == ROOT_PAIR_NONE)
		return p->one;
	one = g->list[p->one].key;
	other = g->list[p->other].key;
	if ((p->one < variables) == (p->other < variables) &&
	    strcmp(one, other) > 0)
		return groups_find(g, table,
				   xasprintf("%s and %s", other, one));
	return groups_find(g, table, xasprintf("%s and %s", one, other));
}

void groups_add_roots(struct groups *g, const struct reading *in,
		      struct group_choice choice)
{
	const struct model *m = in->m;
	struct root_pair *pairs = xcalloc(m->block_count + 1, sizeof(*pairs));
	struct root_pair last = { ROOT_PAIR_NONE, 0 };
	struct groups_entry *table = NULL;
	struct holding h;
	uint32_t *of_root;
	size_t group = 0, variables = 0;

	holding_open(&h, m, in->counts);
	of_root = find_groups(g, in, &h, &variables);
	root_pairs_find(pairs, &h, of_root);
	holding_close(&h);
	for (uint32_t b = 0; b < m->block_count; b++) {
		if (!groups_chose(in, choice, b))
			continue;
		if (pairs[b].one != last.one || pairs[b].other != last.other)
			group = group_of(g, &table, &pairs[b], variables);
		last = pairs[b];
		g->list[group].live++;
		g->list[group].bytes += m->blocks[b].size;
	}
	for (size_t i = 0; i < g->count; i++) {
		g->list[i].retained_objects = g->list[i].live;
		g->list[i].retained_bytes = g->list[i].bytes;
	}
	g->retained = choice.retained;
	groups_release_table(&table);
	free(of_root);
	free(pairs);
}
