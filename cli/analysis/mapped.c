/* SPDX-License-Identifier: MIT */
#include "mapped.h"

#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "list.h"
#include "residency.h"

/* Of a file's or a shared mapping the kernel's numbers are of whole mappings;
 * RKN_NOT_KNOWN if it has this one only as a part of another. *next is the first
 * that may be in it. */
static uint64_t shared_in(const struct model *m, const struct rkn_mapped *r,
			  size_t *next)
{
	uint64_t bytes = 0, at = r->start;

	while (*next < m->mapping_count && m->mappings[*next].end <= r->start)
		++*next;
	for (size_t i = *next; i < m->mapping_count && at < r->end; i++) {
		const struct rkn_mapping *p = &m->mappings[i];

		if (p->start != at || p->end > r->end ||
		    p->resident == RKN_NOT_KNOWN)
			return RKN_NOT_KNOWN;
		bytes += p->resident;
		at = p->end;
	}
	return at == r->end ? bytes : RKN_NOT_KNOWN;
}

static void add_resident(struct mapped_row *to, uint64_t bytes)
{
	if (bytes == RKN_NOT_KNOWN)
		to->partly = true;
	else
		to->resident += bytes;
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
	struct residency pages = { .m = model };
	size_t next = 0;

	*m = (struct mapped){ .known = model->page_count,
			      .noted = model->mapped_site_count ||
				       model->point_count };
	if (!model->mapped_site_count)
		return;
	if (by != GROUP_BY_FUNCTION && by != GROUP_BY_FILE)
		by = GROUP_BY_SITE;
	of_site = make_rows(m, in, by);
	add(&m->total, &model->mapped_sites[0]);
	m->missed = model->mapped_sites[0].missed;
	for (size_t i = 0; i < model->mapped_count; i++) {
		const struct rkn_mapped *r = &model->mapped[i];
		const uint64_t bytes =
		    r->flags & (RKN_MAPPED_SHARED | RKN_MAPPED_FILE)
			? shared_in(model, r, &next)
			: residency_of(&pages, r->start, r->end);

		add_resident(&m->rows[of_site[r->site]], bytes);
		add_resident(&m->total, bytes);
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
