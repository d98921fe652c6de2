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
				     : xstrdup("(smaller ones together)");
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

void group_series_make(struct group_series *s, const struct reading *in,
		       enum group_by by, const struct instant *list,
		       size_t count)
{
	const size_t stacks = in->m->stack_count;
	struct instant_sum *sums = xcalloc(stacks + 1, sizeof(*sums));
	struct making k = {
		.s = s,
		.in = in,
		.by = by,
		.row_of = xcalloc(stacks + 1, sizeof(*k.row_of)),
	};

	*s = (struct group_series){ .instants = count };
	progress_begin("summing up", NULL, count);
	for (size_t i = 0; i < count; i++) {
		progress_at(i);
		instants_sums(in->m, &list[i], sums);
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
