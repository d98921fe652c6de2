/* SPDX-License-Identifier: MIT */
#include "mapped.h"

#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "list.h"

/* Bytes of the mapping that are in memory; *page is the first run of pages that
 * may be in it. */
static uint64_t resident_of(const struct model *m, const struct rkn_mapped *r,
			    size_t *page)
{
	uint64_t bytes = 0;

	while (*page < m->page_count && m->pages[*page].end <= r->start)
		++*page;
	for (size_t i = *page; i < m->page_count; i++) {
		const struct rkn_pages *p = &m->pages[i];

		if (p->start >= r->end)
			break;
		bytes += (p->end < r->end ? p->end : r->end) -
			 (p->start > r->start ? p->start : r->start);
	}
	return bytes;
}

static void add(struct mapped_row *to, const struct rkn_mapped_site *s)
{
	to->calls += s->calls;
	to->bytes += s->bytes;
	to->live += s->live;
	to->live_bytes += s->live_bytes;
	to->peak_bytes += s->peak_bytes;
}

static int by_live(const void *a, const void *b)
{
	const struct mapped_row *x = a, *y = b;

	return ORDER(y->live_bytes, x->live_bytes)
		   ?: ORDER(y->bytes, x->bytes) ?: strcmp(x->key, y->key);
}

/* Row of each site; the keys are those of `g`, which has no more of them. */
static uint32_t *make_rows(struct mapped *m, const struct reading *in,
			   enum group_by by)
{
	const struct model *model = in->m;
	uint32_t *of_site = xcalloc(model->mapped_site_count, sizeof(*of_site));
	struct groups g = { 0 };
	struct groups_entry *table = NULL;

	for (size_t i = 1; i < model->mapped_site_count; i++)
		of_site[i] = (uint32_t)groups_find(
		    &g, &table,
		    groups_key(in, by, model->mapped_sites[i].stack));
	m->count = g.count;
	m->rows = xcalloc(g.count + 1, sizeof(*m->rows));
	for (size_t i = 0; i < g.count; i++) {
		m->rows[i].key = g.list[i].key;
		g.list[i].key = NULL;
	}
	for (size_t i = 1; i < model->mapped_site_count; i++)
		add(&m->rows[of_site[i]], &model->mapped_sites[i]);
	groups_release_table(&table);
	groups_release(&g);
	return of_site;
}

void mapped_make(struct mapped *m, const struct reading *in, enum group_by by)
{
	const struct model *model = in->m;
	uint32_t *of_site;
	size_t page = 0;

	*m = (struct mapped){ .known = model->page_count };
	if (!model->mapped_site_count)
		return;
	if (by != GROUP_BY_FUNCTION && by != GROUP_BY_FILE)
		by = GROUP_BY_SITE;
	of_site = make_rows(m, in, by);
	add(&m->total, &model->mapped_sites[0]);
	m->missed = model->mapped_sites[0].missed;
	for (size_t i = 0; i < model->mapped_count; i++) {
		const struct rkn_mapped *r = &model->mapped[i];
		const uint64_t bytes = resident_of(model, r, &page);

		m->rows[of_site[r->site]].resident += bytes;
		m->total.resident += bytes;
	}
	if (m->count)
		qsort(m->rows, m->count, sizeof(*m->rows), by_live);
	free(of_site);
}

void mapped_release(struct mapped *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->rows[i].key);
	free(m->rows);
	*m = (struct mapped){ 0 };
}
