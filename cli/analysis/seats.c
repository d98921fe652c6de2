/* SPDX-License-Identifier: MIT */
#include "seats.h"
#include "list.h"

#include <stdlib.h>

#include "die.h"

void seats_open(struct seats *s, const struct model *m)
{
	*s = (struct seats){ .m = m };
	s->chains = xcalloc(m->stack_count, sizeof(*s->chains));
	for (size_t i = 0; i < m->stack_count; i++) {
		uint32_t f = m->stacks[i].frame;

		for (int n = 0; n < SEATS_DEPTH && f;
		     n++, f = m->frames[f].parent)
			s->chains[i][n] = m->frames[f].address;
	}
}

static int compare_chains(const uint64_t *a, const uint64_t *b)
{
	for (int n = 0; n < SEATS_DEPTH; n++)
		if (a[n] != b[n])
			return a[n] < b[n] ? -1 : 1;
	return 0;
}

static int by_chain(const void *a, const void *b, void *data)
{
	const struct seats *s = data;

	return compare_chains(s->chains[*(const uint32_t *)a],
			      s->chains[*(const uint32_t *)b]);
}

static int by_place(const void *a, const void *b)
{
	const struct seat *x = a, *y = b;

	return ORDER(x->rank, y->rank) ?:
	       ORDER(x->size, y->size) ?:
	       ORDER(x->block, y->block);
}

void seats_fill(struct seats *s, const uint8_t *mark)
{
	const struct model *m = s->m;
	size_t n = s->m->stack_count;
	uint32_t rank = 0;

	s->first = xcalloc(n, sizeof(*s->first));
	s->rank = xcalloc(n, sizeof(*s->rank));
	for (uint32_t i = 0; i < n; i++)
		s->first[i] = i;
	qsort_r(s->first, n, sizeof(*s->first), by_chain, s);
	for (size_t i = 0; i < n; i++) {
		if (i && compare_chains(s->chains[s->first[i]],
					s->chains[s->first[rank]]))
			s->first[++rank] = s->first[i];
		s->rank[s->first[i]] = rank;
	}
	s->list = xcalloc(m->block_count + 1, sizeof(*s->list));
	for (uint32_t b = 0; b < m->block_count; b++)
		if (mark[b] != LOST)
			s->list[s->count++] =
			    (struct seat){ s->rank[m->blocks[b].stack], b,
					   m->blocks[b].size };
	qsort(s->list, s->count, sizeof(*s->list), by_place);
}

void seats_close(struct seats *s)
{
	free(s->list);
	free(s->rank);
	free(s->first);
	free(s->chains);
}

uint64_t seats_site(const struct seats *s, uint32_t block)
{
	return s->chains[s->m->blocks[block].stack][0];
}

const uint64_t *seats_chain(const struct seats *s, const struct seat *seat)
{
	return s->chains[s->first[seat->rank]];
}

const struct seat *seats_from(const struct seats *s, uint64_t site)
{
	return s->list +
	       LOWER_BOUND(s->count, i, seats_chain(s, &s->list[i])[0] < site);
}
