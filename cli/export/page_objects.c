/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "page_choice.h"
#include "page_made.h"
#include "page_parts.h"
#include "root_names.h"

struct writer {
	struct page_data *d;
	struct page_choice c;
	uint32_t *in; /* per block: pointers to it, from roots, too */
};

/* How a page names what a block comes from: a number of another, or less than 0
 * as docs/page.md has it. */
static int64_t reference(const struct writer *w, uint32_t block)
{
	if (block >= PAGE_VIA_WEAK)
		return (int64_t)block - RKN_NONE - 1; /* -1, -2, -3 */
	return w->c.place[block] == RKN_NONE ? -4 : (int64_t)w->c.place[block];
}

static int64_t keeper(const struct writer *w, uint32_t block)
{
	uint32_t by = w->d->keeper[block];

	if (by == RKN_NONE)
		return -1;
	return w->c.place[by] == RKN_NONE ? -4 : (int64_t)w->c.place[by];
}

/* What is behind the name's type: "17" of "Session#17"; -1: it has no such. */
static int64_t name_number(struct page_data *d, uint32_t block)
{
	char *name = names_object(d->in->names, block);
	const char *hash = strrchr(name, '#');
	int64_t number = hash ? strtoll(hash + 1, NULL, 10) : -1;

	free(name);
	return number;
}

static void count_in(struct writer *w)
{
	const struct model *m = w->d->m;

	w->in = xcalloc(m->block_count + 1, sizeof(*w->in));
	for (size_t i = 0; i < m->edge_count; i++)
		w->in[m->edges[i].to]++;
	for (size_t i = 0; i < m->root_count; i++)
		w->in[m->roots[i].block]++;
}

static void write_names(struct writer *w)
{
	const struct model *m = w->d->m;
	const uint32_t *b = w->c.blocks;
	struct page_data *d = w->d;

	names_announce(d->in->names, b, w->c.count);
	PAGE_COLUMN(d, "block", w->c.count, i, b[i] - (i ? b[i - 1] : 0));
	PAGE_COLUMN(d, "type", w->c.count, i,
		    page_text(d, names_block_type(d->in->names, b[i])));
	PAGE_COLUMN(d, "number", w->c.count, i, name_number(d, b[i]));
	PAGE_COLUMN(d, "address", w->c.count, i,
		    m->blocks[b[i]].address -
			(i ? m->blocks[b[i - 1]].address : 0));
	PAGE_COLUMN(d, "bytes", w->c.count, i, m->blocks[b[i]].size);
	PAGE_COLUMN(d, "node", w->c.count, i,
		    page_node(d, m->blocks[b[i]].stack));
	PAGE_COLUMN(d, "site", w->c.count, i,
		    page_site(d, m->blocks[b[i]].stack));
	if (d->step_count)
		PAGE_COLUMN(d, "step", w->c.count, i, page_step(d, b[i]));
}

/* Its number of references: of the program's own objects, or of those that
 * std::shared_ptr and the like count. */
static int64_t count_of(const struct writer *w, uint32_t block)
{
	const struct reading *in = w->d->in;
	uint32_t object = names_object_at(in->names, block);
	struct block_counts c;

	if (object)
		return w->d->m->objects[object].count;
	return in->counts && counts_of(in->counts, block, &c)
		   ? (int64_t)c.strong
		   : -1;
}

static void write_holders(struct writer *w)
{
	const struct findings *f = w->d->e->findings;
	const uint32_t *b = w->c.blocks;
	struct page_data *d = w->d;

	PAGE_COLUMN(d, "via", w->c.count, i, reference(w, w->c.via[b[i]]));
	if (!d->why) {
		PAGE_COLUMN(d, "dominator", w->c.count, i, keeper(w, b[i]));
		PAGE_COLUMN(d, "retained_objects", w->c.count, i,
			    d->kept[b[i]].objects);
		PAGE_COLUMN(d, "retained_bytes", w->c.count, i,
			    d->kept[b[i]].bytes);
	}
	PAGE_COLUMN(d, "count", w->c.count, i, count_of(w, b[i]));
	PAGE_COLUMN(d, "finding", w->c.count, i, f->owner ? f->owner[b[i]] : 0);
	PAGE_COLUMN(d, "in", w->c.count, i, w->in[b[i]]);
	PAGE_COLUMN(d, "out", w->c.count, i, page_choice_edges(&w->c, b[i]));
}

/* Calls `each` for the pointers that the page has. */
static void walk_edges(struct writer *w,
		       void each(struct writer *w, const struct rkn_edge *e))
{
	const struct model *m = w->d->m;

	for (size_t i = 0; i < w->c.count; i++) {
		uint32_t b = w->c.blocks[i], first = w->c.first[b];
		size_t n = page_choice_edges(&w->c, b);

		for (size_t k = 0; k < n && k < w->c.edges; k++)
			if (w->c.place[m->edges[first + k].to] != RKN_NONE)
				each(w, &m->edges[first + k]);
	}
}

static void write_from(struct writer *w, const struct rkn_edge *e)
{
	page_number(w->d, w->c.place[e->from]);
}

static void write_to(struct writer *w, const struct rkn_edge *e)
{
	page_number(w->d, w->c.place[e->to]);
}

static void write_field(struct writer *w, const struct rkn_edge *e)
{
	page_number(
	    w->d, page_take(w->d, field_mark(w->d->in->types, e->from,
					     model_edge_from(w->d->m, e), 0)));
}

static void write_weak(struct writer *w, const struct rkn_edge *e)
{
	page_number(w->d, counts_is_weak(w->d->in->counts, e));
}

static void write_edges(struct writer *w)
{
	const struct {
		const char *name;
		void (*each)(struct writer *w, const struct rkn_edge *e);
	} columns[] = { { "from", write_from },
			{ "to", write_to },
			{ "field", write_field },
			{ "weak", write_weak } };

	page_object(w->d, "edges");
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		page_list(w->d, columns[i].name);
		walk_edges(w, columns[i].each);
		page_list_end(w->d);
	}
	page_object_end(w->d);
}

static void write_roots(struct writer *w)
{
	const struct model *m = w->d->m;
	uint32_t *list = xcalloc(m->root_count + 1, sizeof(*list));
	size_t count = 0, known = 0;

	for (uint32_t i = 0; i < m->root_count; i++) {
		if (w->c.place[m->roots[i].block] == RKN_NONE)
			continue;
		known++;
		if (count < PAGE_ROOTS)
			list[count++] = i;
	}
	if (count < known)
		page_note(
		    w->d,
		    "%zu of %zu pointers from outside the heap are shown.",
		    count, known);
	page_object(w->d, "roots");
	PAGE_COLUMN(w->d, "object", count, i,
		    w->c.place[m->roots[list[i]].block]);
	PAGE_COLUMN(w->d, "name", count, i,
		    page_take(w->d, root_name(w->d->in, &m->roots[list[i]])));
	page_object_end(w->d);
	free(list);
}

void page_objects(struct page_data *d)
{
	struct writer w = { .d = d };

	page_choose(&w.c, d);
	count_in(&w);
	page_object(d, "objects");
	write_names(&w);
	write_holders(&w);
	page_object_end(d);
	write_edges(&w);
	write_roots(&w);
	free(w.in);
	page_choice_release(&w.c);
}
