/* SPDX-License-Identifier: MIT */

#include "page_parts.h"

static void write_frames(struct page_data *d)
{
	const struct profile *p = d->e->profile;
	const struct profile_frame *f = p->frames;

	page_object(d, "frames");
	PAGE_COLUMN(d, "name", p->frame_count, i, page_text(d, f[i].name));
	PAGE_COLUMN(d, "file", p->frame_count, i, page_text(d, f[i].file));
	PAGE_COLUMN(d, "line", p->frame_count, i, f[i].line);
	PAGE_COLUMN(d, "module", p->frame_count, i, page_text(d, f[i].module));
	PAGE_COLUMN(d, "library", p->frame_count, i, f[i].library);
	page_object_end(d);
}

/* How many nodes are written; the others' values go to those above. */
static size_t cut(struct page_data *d)
{
	struct profile_tree *t = &d->tree;

	for (size_t i = t->count; i-- > PAGE_FLAME;)
		for (unsigned v = 0; v < PROFILE_VALUES; v++)
			t->nodes[t->nodes[i].parent].value[v] +=
			    t->nodes[i].value[v];
	if (t->count <= PAGE_FLAME)
		return t->count;
	page_note(
	    d,
	    "The flame graph has %d of %zu nodes; the innermost functions "
	    "of the other stacks count for their callers.",
	    PAGE_FLAME, t->count);
	return PAGE_FLAME;
}

static void write_values(struct page_data *d, size_t count)
{
	const struct profile_node *n = d->tree.nodes;

	page_object(d, "values");
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(d->e->profile, v))
			PAGE_COLUMN(d, profile_kinds[v].name, count, i,
				    n[i].value[v]);
	page_object_end(d);
}

void page_flame(struct page_data *d)
{
	const struct profile_node *n = d->tree.nodes;
	size_t count = cut(d);

	write_frames(d);
	page_object(d, "flame");
	PAGE_COLUMN(d, "parent", count, i, i - n[i].parent);
	PAGE_COLUMN(d, "frame", count, i, (int32_t)n[i].frame);
	write_values(d, count);
	page_object_end(d);
}
