/* SPDX-License-Identifier: MIT */
#include "page_choice.h"

#include <stdlib.h>
#include <string.h>

#include "list.h"

/* --- Ways from the roots ------------------------------------------------------ */

struct ways {
	struct page_choice *c;
	const struct model *m;
	struct counts *counts; /* NULL: weak references count, too */
	uint32_t *queue, end;
};

/* A way leads from `via` to `block`, unless one was there before. */
static void come_to(struct ways *w, uint32_t block, uint32_t via)
{
	if (w->c->via[block] != PAGE_VIA_NOTHING)
		return;
	w->c->via[block] = via;
	w->queue[w->end++] = block;
}

static void go_on(struct ways *w, bool weak)
{
	for (uint32_t read = 0; read < w->end; read++) {
		uint32_t from = w->queue[read];

		for (uint32_t e = w->c->first[from]; e < w->c->first[from + 1];
		     e++)
			if (!counts_is_weak(w->counts, &w->m->edges[e]))
				come_to(w, w->m->edges[e].to,
					weak ? PAGE_VIA_WEAK : from);
	}
}

/* As block_view.c finds the shortest: breadth first, in the order of the model.
 * `weak`: then what is only reached over weak references, too. */
static void find_ways(struct page_choice *c, const struct page_data *d,
		      bool weak)
{
	const struct model *m = d->m;
	struct ways w = { .c = c,
			  .m = m,
			  .counts = weak ? NULL : d->in->counts };

	w.queue = xcalloc(m->block_count + 1, sizeof(*w.queue));
	for (size_t i = 0; i < m->root_count; i++)
		if (!counts_root_is_weak(w.counts, &m->roots[i]))
			come_to(&w, m->roots[i].block,
				weak ? PAGE_VIA_WEAK : PAGE_VIA_ROOT);
	for (uint32_t b = 0; weak && b < m->block_count; b++)
		if (c->via[b] < PAGE_VIA_WEAK || c->via[b] == PAGE_VIA_ROOT)
			w.queue[w.end++] = b;
	go_on(&w, weak);
	free(w.queue);
}

/* --- Which blocks --------------------------------------------------------------- */

#define MOST_WAY 1000 /* blocks of a way that are taken with its end */

struct chooser {
	struct page_choice *c;
	const struct page_data *d;
	size_t left; /* that may be chosen yet */
};

static void choose(struct chooser *k, uint32_t block)
{
	if (!k->left || k->c->place[block] != RKN_NONE)
		return;
	k->c->place[block] = 0;
	k->left--;
}

/* With the blocks of the way to it, and what keeps it. */
static void choose_with(struct chooser *k, uint32_t block)
{
	const uint32_t *via = k->c->via;
	uint32_t b = block;

	choose(k, block);
	if (k->d->keeper && k->d->keeper[block] != RKN_NONE)
		choose(k, k->d->keeper[block]);
	for (unsigned n = 0; n < MOST_WAY && via[b] < PAGE_VIA_WEAK; n++) {
		b = via[b];
		if (k->c->place[b] != RKN_NONE)
			break;
		choose(k, b);
	}
}

static void choose_findings(struct chooser *k)
{
	const struct findings *f = k->d->e->findings;
	size_t most = k->left / 2;

	for (size_t i = 0; i < f->count && k->left > most; i++) {
		const struct finding *one = &f->list[i];

		for (size_t n = 0; n < one->member_count; n++)
			choose_with(k, one->members[n]);
	}
}

static int most_kept(const void *a, const void *b, void *data)
{
	const struct page_kept *kept = data;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return ORDER(kept[y].bytes, kept[x].bytes) ?: ORDER(x, y);
}

static void choose_big(struct chooser *k)
{
	size_t count = k->d->m->block_count;
	uint32_t *list = xcalloc(count + 1, sizeof(*list));

	for (uint32_t b = 0; b < count; b++)
		list[b] = b;
	if (!k->d->why)
		qsort_r(list, count, sizeof(*list), most_kept, k->d->kept);
	for (size_t i = 0; i < count && k->left; i++)
		choose_with(k, list[i]);
	free(list);
}

/* --- How many pointers of each ---------------------------------------------------- */

static size_t edges_if(const struct page_choice *c, size_t most)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->count; i++) {
		size_t n = page_choice_edges(c, c->blocks[i]);

		sum += n < most ? n : most;
	}
	return sum;
}

void page_choose(struct page_choice *c, struct page_data *d)
{
	const struct model *m = d->m;
	struct chooser k = { .c = c, .d = d, .left = PAGE_OBJECTS };

	*c = (struct page_choice){ .edges = PAGE_EDGES };
	c->via = xcalloc(m->block_count + 1, sizeof(*c->via));
	c->first = xcalloc(m->block_count + 1, sizeof(*c->first));
	graph_index(c->first, m->block_count, m->edges, m->edge_count);
	c->place = xcalloc(m->block_count + 1, sizeof(*c->place));
	c->blocks = xcalloc(m->block_count + 1, sizeof(*c->blocks));
	for (uint32_t b = 0; b < m->block_count; b++)
		c->via[b] = PAGE_VIA_NOTHING;
	memset(c->place, 0xff, (m->block_count + 1) * sizeof(*c->place));
	find_ways(c, d, false);
	if (d->in->counts)
		find_ways(c, d, true);
	if (m->block_count > PAGE_OBJECTS)
		choose_findings(&k);
	choose_big(&k);
	for (uint32_t b = 0; b < m->block_count; b++)
		if (c->place[b] != RKN_NONE) {
			c->place[b] = (uint32_t)c->count;
			c->blocks[c->count++] = b;
		}
	while (c->edges > 1 && edges_if(c, c->edges) > PAGE_EDGES)
		c->edges /= 2;
	if (c->count < m->block_count)
		page_note(
		    d,
		    "%zu of %zu blocks have a card of their own: those of "
		    "findings, those that retain the most, and what leads "
		    "there.",
		    c->count, m->block_count);
	if (c->edges < PAGE_EDGES)
		page_note(d, "Cards show the first %zu pointers of a block.",
			  c->edges);
}

void page_choice_release(struct page_choice *c)
{
	free(c->via);
	free(c->first);
	free(c->place);
	free(c->blocks);
}
