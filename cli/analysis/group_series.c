/* SPDX-License-Identifier: MIT */
#include "group_series.h"

#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "list.h"
#include "progress.h"

struct making {
	struct group_series *s;
	const struct reading *in;
	enum group_by by;
	struct groups keys; /* in the order of the rows */
	struct groups_entry *table;
	uint32_t *row_of; /* by stack, + 1; 0: not looked for yet */
};

static struct group_series_row *row_of(struct making *k, uint32_t stack)
{
	const struct model *m = k->in->m;
	struct group_series *s = k->s;
	char *key;
	size_t at;

	if (k->row_of[stack])
		return &s->rows[k->row_of[stack] - 1];
	key = stack < m->stack_count ? groups_key(k->in, k->by, stack)
				     : xstrdup(GROUP_SERIES_OTHERS);
	at = groups_find(&k->keys, &k->table, key);
	if (at == s->count) {
		struct group_series_row *row = LIST_ADD(s->rows, s->count);

		row->key = xstrdup(k->keys.list[at].key);
		row->values = xcalloc(s->instants, sizeof(*row->values));
	}
	k->row_of[stack] = (uint32_t)at + 1;
	return &s->rows[at];
}

struct ranked {
	struct group_series_row row;
	uint64_t most;
};

static int by_most(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return ORDER(y->most, x->most) ?: strcmp(x->row.key, y->row.key);
}

static void sort(struct group_series *s)
{
	struct ranked *list = xcalloc(s->count + 1, sizeof(*list));

	for (size_t i = 0; i < s->count; i++) {
		list[i].row = s->rows[i];
		for (size_t k = 0; k < s->instants; k++)
			if (s->rows[i].values[k].bytes > list[i].most)
				list[i].most = s->rows[i].values[k].bytes;
	}
	qsort(list, s->count, sizeof(*list), by_most);
	for (size_t i = 0; i < s->count; i++)
		s->rows[i] = list[i].row;
	free(list);
}

/* What an instant does not tell from others. */
struct stack_seen {
	uint64_t most;   /* bytes that it has at any instant */
	uint64_t hidden; /* fewer it may have where it is not named */
};

static void see(struct stack_seen *seen, const struct instant *at,
		const struct instant_sum *sums, size_t stacks)
{
	const uint64_t least =
	    at->key && sums[stacks].blocks ? at->key->point.least : 0;

	for (size_t n = 0; n < stacks; n++) {
		if (sums[n].bytes > seen[n].most)
			seen[n].most = sums[n].bytes;
		if (!sums[n].blocks && least > seen[n].hidden)
			seen[n].hidden = least;
	}
}

/* Stacks that a key frame left out may have had that little each: beside an instant
 * that has them they would look as if they had grown. */
static struct stack_seen *see_all(struct group_series *s, const struct model *m,
				  const struct instant *list,
				  struct instant_sum *sums)
{
	struct stack_seen *seen = xcalloc(m->stack_count + 1, sizeof(*seen));

	for (size_t i = 0; i < s->instants; i++) {
		instants_sums(m, &list[i], sums);
		see(seen, &list[i], sums, m->stack_count);
	}
	for (size_t n = 0; n < m->stack_count; n++)
		if (seen[n].hidden > s->together)
			s->together = seen[n].hidden;
	return seen;
}

static void fold(const struct stack_seen *seen, struct instant_sum *sums,
		 size_t stacks)
{
	for (size_t n = 0; n < stacks; n++) {
		if (!seen[n].hidden || seen[n].most >= seen[n].hidden)
			continue;
		sums[stacks].blocks += sums[n].blocks;
		sums[stacks].bytes += sums[n].bytes;
		sums[n] = (struct instant_sum){ 0 };
	}
}

void group_series_make(struct group_series *s, const struct reading *in,
		       enum group_by by, const struct instant *list,
		       size_t count)
{
	const size_t stacks = in->m->stack_count;
	struct instant_sum *sums = xcalloc(stacks + 1, sizeof(*sums));
	struct stack_seen *seen;
	struct making k = {
		.s = s,
		.in = in,
		.by = by,
		.row_of = xcalloc(stacks + 1, sizeof(*k.row_of)),
	};

	*s = (struct group_series){ .instants = count };
	seen = see_all(s, in->m, list, sums);
	progress_begin("summing up", NULL, count);
	for (size_t i = 0; i < count; i++) {
		progress_at(i);
		instants_sums(in->m, &list[i], sums);
		fold(seen, sums, stacks);
		for (uint32_t n = 0; n <= stacks; n++) {
			struct instant_sum *to;

			if (!sums[n].blocks)
				continue;
			to = &row_of(&k, n)->values[i];
			to->blocks += sums[n].blocks;
			to->bytes += sums[n].bytes;
		}
	}
	progress_end();
	groups_release_table(&k.table);
	groups_release(&k.keys);
	free(k.row_of);
	free(seen);
	free(sums);
	sort(s);
}

void group_series_release(struct group_series *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->rows[i].key);
		free(s->rows[i].values);
	}
	free(s->rows);
	*s = (struct group_series){ 0 };
}
