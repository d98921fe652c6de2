/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "dominators.h"
#include "page_parts.h"

/*
 * Where ways begin: at the roots' blocks, and of each lost component that none
 * leads to at one block, which is first[] then, or (`first` NULL) at all. All blocks
 * of such a component keep the same.
 */
static uint32_t *entries_of(const struct page_data *d, uint32_t *first,
			    size_t *count)
{
	const struct holding *h = &d->holding;
	uint32_t *entries = xcalloc(h->g.nodes + 1ul, sizeof(*entries));

	*count = 0;
	for (uint32_t b = 0; b < h->g.nodes; b++) {
		uint32_t c = holding_source(h, b);

		if (!holding_is_entry(h, b))
			continue;
		if (c != UINT32_MAX && first) {
			if (first[c] != RKN_NONE)
				continue;
			first[c] = b;
		}
		entries[(*count)++] = b;
	}
	return entries;
}

static uint32_t find(const struct page_data *d, const uint32_t *entries,
		     size_t count, uint32_t *dominator, uint32_t *order)
{
	const struct holding *h = &d->holding;
	uint32_t *memory =
	    xcalloc(dominators_memory(h->g.nodes, h->first[h->g.nodes]),
		    sizeof(*memory));
	uint32_t reached =
	    dominators_find(&h->g, entries, count, dominator, order, memory);

	free(memory);
	return reached;
}

/* Only where a lost component has several blocks the keepers differ. */
static void find_keepers(struct page_data *d, size_t entries_before)
{
	uint32_t *entries, *order;
	size_t count;

	entries = entries_of(d, NULL, &count);
	d->keeper = d->dominator;
	if (count != entries_before) {
		d->keeper = xcalloc(d->holding.g.nodes + 1ul, sizeof(*order));
		order = xcalloc(d->holding.g.nodes + 1ul, sizeof(*order));
		find(d, entries, count, d->keeper, order);
		free(order);
	}
	free(entries);
}

static void add_up(struct page_data *d, const uint32_t *first)
{
	const struct holding *h = &d->holding;

	for (uint32_t i = 0; i < d->reached; i++)
		d->kept[d->order[i]] =
		    (struct page_kept){ 1, d->m->blocks[d->order[i]].size };
	for (uint32_t i = d->reached; i-- > 0;) {
		uint32_t b = d->order[i], to = d->dominator[b];

		if (to == DOMINATORS_NONE)
			continue;
		d->kept[to].objects += d->kept[b].objects;
		d->kept[to].bytes += d->kept[b].bytes;
	}
	for (uint32_t b = 0; b < h->g.nodes; b++) {
		uint32_t c = holding_source(h, b);

		if (c != UINT32_MAX)
			d->kept[b] = d->kept[first[c]];
	}
}

void page_keep_open(struct page_data *d)
{
	struct holding *h = &d->holding;
	uint32_t *entries, *first;
	size_t count;

	d->why = obstacle_find(d->m, d->room, sizeof(d->room));
	page_member(d, "why");
	fprintf(d->out, "%" PRId64, page_text(d, d->why));
	if (d->why)
		return;
	holding_open(h, d->m, d->in->counts);
	d->dominator = xcalloc(h->g.nodes + 1ul, sizeof(*d->dominator));
	d->order = xcalloc(h->g.nodes + 1ul, sizeof(*d->order));
	d->kept = xcalloc(h->g.nodes + 1ul, sizeof(*d->kept));
	first = xcalloc(h->components + 1ul, sizeof(*first));
	for (uint32_t c = 0; c < h->components; c++)
		first[c] = RKN_NONE;
	entries = entries_of(d, first, &count);
	d->reached = find(d, entries, count, d->dominator, d->order);
	add_up(d, first);
	find_keepers(d, count);
	free(entries);
	free(first);
}

void page_keep_close(struct page_data *d)
{
	if (d->why)
		return;
	if (d->keeper != d->dominator)
		free(d->keeper);
	free(d->dominator);
	free(d->order);
	free(d->kept);
	holding_close(&d->holding);
}
