/* SPDX-License-Identifier: MIT */
/*
 * When the blocks were made that are alive at the end. Marks and points of the timeline
 * cut the run into steps; a block is of the step in which its number was handed out.
 */
#include "page_made.h"

#include <stdlib.h>
#include <string.h>

#include "list.h"

static int by_time(const void *a, const void *b)
{
	const struct page_step *x = a, *y = b;

	return ORDER(x->time_ns, y->time_ns) ?: ORDER(x->births, y->births);
}

/* What is noted of the peak is its number, and a time before it. */
static bool is_timed(const struct model *m, size_t point)
{
	return !(m->points[point].flags & RKN_POINT_PEAK) ||
	       point + 1 == m->point_count;
}

void page_steps_make(struct page_data *d)
{
	const struct model *m = d->m;
	const size_t marks =
	    m->mark_count <= PAGE_STEPS / 2 ? m->mark_count : 0;
	struct page_step *all = xcalloc(m->point_count + 1, sizeof(*all));
	size_t count = 0, gaps, n = 0;

	for (size_t i = 0; i < m->point_count; i++)
		if (is_timed(m, i))
			all[count++] =
			    (struct page_step){ m->points[i].time_ns,
						m->points[i].births };
	gaps = count ? count - 1 : 0;
	if (gaps > PAGE_STEPS - marks)
		gaps = PAGE_STEPS - marks;
	for (size_t i = 0; gaps && i <= gaps; i++)
		d->steps[n++] = all[i * (count - 1) / gaps];
	for (size_t i = 0; gaps && i < marks; i++)
		d->steps[n++] = (struct page_step){ m->marks[i].time_ns,
						    m->marks[i].birth };
	qsort(d->steps, n, sizeof(*d->steps), by_time);
	d->step_count = n ? n - 1 : 0;
	free(all);
}

uint32_t page_step(const struct page_data *d, uint32_t block)
{
	uint64_t birth = d->m->blocks[block].birth;
	size_t low = 1, high = d->step_count;

	if (!birth || !d->step_count)
		return 0;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (d->steps[middle].births < birth)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

/* --- Blocks by what they belong to, and by step ------------------------------------ */

struct row {
	uint32_t of, step;
	struct page_made_sum sum;
};

struct rows {
	struct row *list;
	size_t count;
};

static void add_block(const struct page_data *d, struct page_made_sum *sums,
		      uint32_t block)
{
	struct page_made_sum *s = &sums[page_step(d, block)];
	const struct findings *f = d->e->findings;

	s->blocks++;
	s->bytes += d->m->blocks[block].size;
	if (!f->checked || !profile_is_leaked(f, block))
		return;
	s->leaked_blocks++;
	s->leaked_bytes += d->m->blocks[block].size;
}

/* Blocks by of[block]: those of i are list[first[i] .. first[i + 1]). */
static uint32_t *sort(const struct page_data *d, const uint32_t *of,
		      size_t count, uint32_t *first)
{
	uint32_t *list = xcalloc(d->m->block_count + 1, sizeof(*list));

	for (uint32_t b = 0; b < d->m->block_count; b++)
		if (of[b] != RKN_NONE)
			first[of[b] + 2]++;
	for (size_t i = 2; i < count + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t b = 0; b < d->m->block_count; b++)
		if (of[b] != RKN_NONE)
			list[first[of[b] + 1]++] = b;
	return list;
}

static void find_rows(struct rows *rows, const struct page_data *d,
		      const uint32_t *of, size_t count)
{
	uint32_t *first = xcalloc(count + 2, sizeof(*first));
	uint32_t *list = sort(d, of, count, first);
	struct page_made_sum sums[PAGE_STEPS + 1];

	*rows = (struct rows){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		memset(sums, 0, sizeof(sums));
		for (uint32_t k = first[i]; k < first[i + 1]; k++)
			add_block(d, sums, list[k]);
		for (uint32_t k = 0; k <= d->step_count; k++)
			if (sums[k].blocks)
				*LIST_ADD(rows->list, rows->count) =
				    (struct row){ i, k, sums[k] };
	}
	free(first);
	free(list);
}

void page_made(struct page_data *d, const uint32_t *of, size_t count,
	       const char *view)
{
	struct rows rows;
	const struct row *r;

	if (!d->step_count || d->m->blocks_cut)
		return;
	find_rows(&rows, d, of, count);
	r = rows.list;
	if (rows.count > PAGE_MADE_ROWS) {
		page_note(d,
			  "%s cannot follow the window of the timeline: when "
			  "what was made takes %zu rows, and a page has %d.",
			  view, rows.count, PAGE_MADE_ROWS);
	} else {
		page_object(d, "made");
		PAGE_COLUMN(d, "of", rows.count, i,
			    r[i].of - (i ? r[i - 1].of : 0));
		PAGE_COLUMN(d, "step", rows.count, i, r[i].step);
		PAGE_COLUMN(d, "blocks", rows.count, i, r[i].sum.blocks);
		PAGE_COLUMN(d, "bytes", rows.count, i, r[i].sum.bytes);
		PAGE_COLUMN(d, "leaked_blocks", rows.count, i,
			    r[i].sum.leaked_blocks);
		PAGE_COLUMN(d, "leaked_bytes", rows.count, i,
			    r[i].sum.leaked_bytes);
		page_object_end(d);
	}
	free(rows.list);
}
