/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "groups.h"
#include "page_made.h"
#include "page_parts.h"

/* -1: not known. Stacks count for their own types, not for those that single blocks
 * have. */
static int64_t known(const struct group *g, uint64_t value)
{
	return g->allocated >= g->live ? (int64_t)value : -1;
}

static void write_groups(struct page_data *d, const char *name,
			 enum group_by by)
{
	struct group_choice choice = GROUP_EVERYTHING;
	const struct group *l;
	struct groups g;
	size_t count;

	choice.retained = true;
	groups_make(&g, d->in, by, GROUP_ALL, choice);
	groups_sort(&g, GROUP_SORT_BYTES);
	l = g.list;
	count = g.count < PAGE_GROUPS ? g.count : PAGE_GROUPS;
	page_object(d, name);
	PAGE_COLUMN(d, "name", count, i, page_text(d, l[i].key));
	PAGE_COLUMN(d, "live", count, i, l[i].live);
	PAGE_COLUMN(d, "bytes", count, i, l[i].bytes);
	if (g.history) {
		PAGE_COLUMN(d, "allocated", count, i,
			    known(&l[i], l[i].allocated));
		PAGE_COLUMN(d, "freed", count, i, known(&l[i], l[i].freed));
	}
	if (g.peak) {
		PAGE_COLUMN(d, "peak_blocks", count, i,
			    known(&l[i], l[i].peak_blocks));
		PAGE_COLUMN(d, "peak_bytes", count, i,
			    known(&l[i], l[i].peak_bytes));
	}
	if (g.retained) {
		PAGE_COLUMN(d, "retained_objects", count, i,
			    l[i].retained_objects);
		PAGE_COLUMN(d, "retained_bytes", count, i, l[i].retained_bytes);
	}
	PAGE_COLUMN(d, "evidence", by == GROUP_BY_TYPE ? count : 0, i,
		    l[i].evidence);
	page_object_end(d);
	if (count < g.count) {
		struct group rest = groups_sum(&g, count, "");

		page_note(d,
			  "The table of %s has %zu of %zu rows, those with the "
			  "most bytes; the others have %" PRIu64
			  " live blocks of %" PRIu64 " bytes.",
			  name, count, g.count, rest.live, rest.bytes);
		free(rest.key);
	}
	groups_release(&g);
}

/* What a stack's blocks are: how the window of a timeline finds its rows. */
static void write_stacks(struct page_data *d)
{
	const struct model *m = d->m;
	uint32_t *of = xcalloc(m->block_count + 1, sizeof(*of));

	page_object(d, "stacks");
	PAGE_COLUMN(d, "node", m->stack_count, i, page_node(d, (uint32_t)i));
	PAGE_COLUMN(d, "type", m->stack_count, i,
		    page_node(d, (uint32_t)i) < 0
			? -1
			: page_text(d, names_type(d->in->names, (uint32_t)i)));
	PAGE_COLUMN(d, "site", m->stack_count, i,
		    page_node(d, (uint32_t)i) < 0
			? -1
			: (int64_t)page_site(d, (uint32_t)i));
	for (size_t b = 0; b < m->block_count; b++)
		of[b] = m->blocks[b].stack;
	page_made(d, of, m->stack_count, "The flame graph");
	page_object_end(d);
	free(of);
}

void page_groups(struct page_data *d)
{
	write_groups(d, "types", GROUP_BY_TYPE);
	write_groups(d, "sites", GROUP_BY_SITE);
	write_stacks(d);
}
