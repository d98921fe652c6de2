/* SPDX-License-Identifier: MIT */
#include "churn.h"

#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "list.h"
#include "lives.h"
#include "progress.h"
#include "region_passes.h"

double churn_mean(const struct churn_row *row)
{
	return row->sampled > 0 ? row->lived / row->sampled : 0;
}

double churn_temporary(const struct churn_row *row)
{
	return row->sampled > 0 ? row->lives[0] / row->sampled : 0;
}

uint64_t churn_below(const struct churn_row *row, double part)
{
	double sum = 0;

	for (unsigned i = 0; i + 1 < RKN_LIFE_BUCKETS; i++) {
		sum += row->lives[i];
		if (sum >= part * row->sampled)
			return i ? lives_bound(i) : 0;
	}
	return UINT64_MAX;
}

static struct churn_row of_stack(const struct model *m, uint32_t i)
{
	const struct rkn_stack *s = &m->stacks[i];
	const struct rkn_lives *l = lives_of(m, i);
	struct churn_row row = { .allocations = s->allocations,
				 .bytes = s->allocated_bytes,
				 .frees = s->frees };

	if (!l)
		return row;
	row.copies = l->copies;
	row.copied_bytes = l->copied_bytes;
	for (unsigned k = 0; k < RKN_LIFE_BUCKETS; k++) {
		row.lives[k] = (double)l->freed[k];
		row.sampled += row.lives[k];
	}
	row.lived = lives_mean(m, l) * row.sampled;
	return row;
}

static void add(struct churn_row *to, const struct churn_row *row)
{
	to->allocations += row->allocations;
	to->bytes += row->bytes;
	to->frees += row->frees;
	to->copies += row->copies;
	to->copied_bytes += row->copied_bytes;
	for (unsigned k = 0; k < RKN_LIFE_BUCKETS; k++)
		to->lives[k] += row->lives[k];
	to->sampled += row->sampled;
	to->lived += row->lived;
}

static int by_key(const void *a, const void *b)
{
	const struct churn_row *x = a, *y = b;

	return strverscmp(x->key, y->key);
}

static int by_count(const void *a, const void *b)
{
	const struct churn_row *x = a, *y = b;

	return ORDER(y->allocations, x->allocations)
		   ?: ORDER(y->bytes, x->bytes) ?: by_key(a, b);
}

static int by_bytes(const void *a, const void *b)
{
	const struct churn_row *x = a, *y = b;

	return ORDER(y->bytes, x->bytes) ?: by_count(a, b);
}

static struct churn_row *row_of(struct churn *c, struct groups *keys,
				struct groups_entry **table, char *key)
{
	size_t at = groups_find(keys, table, key);

	if (at == c->count)
		*LIST_ADD(c->rows, c->count) =
		    (struct churn_row){ .key = xstrdup(keys->list[at].key) };
	return &c->rows[at];
}

bool churn_make(struct churn *c, const struct reading *in, enum group_by by,
		enum group_sort sort, const char *function)
{
	const struct model *m = in->m;
	struct groups_entry *table = NULL;
	struct groups keys = { 0 };
	bool *under = NULL;

	*c = (struct churn){ 0 };
	if (function) {
		under = region_passes_under(in, function);
		if (!under)
			return false;
	}
	progress_begin("reading symbols", NULL, m->stack_count);
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct churn_row one = of_stack(m, i);

		progress_at(i);
		add(&c->all, &one);
		if (!one.allocations || (under && !under[i]))
			continue;
		add(&c->total, &one);
		add(row_of(c, &keys, &table, groups_key(in, by, i)), &one);
	}
	progress_end();
	groups_release_table(&table);
	groups_release(&keys);
	free(under);
	if (c->count)
		qsort(c->rows, c->count, sizeof(*c->rows),
		      sort == GROUP_SORT_NAME    ? by_key
		      : sort == GROUP_SORT_BYTES ? by_bytes
						 : by_count);
	return true;
}

void churn_release(struct churn *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->rows[i].key);
	free(c->rows);
	*c = (struct churn){ 0 };
}
