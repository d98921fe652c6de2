/* SPDX-License-Identifier: MIT */
/* What was alive when: sums, marks, and key frames by call stack. */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "instants.h"
#include "page_made.h"
#include "page_parts.h"

static void write_column(struct page_data *d, const char *name,
			 const struct instant_sum *sums, bool bytes)
{
	page_list(d, name);
	for (size_t i = 0; i <= d->m->stack_count; i++)
		if (sums[i].blocks)
			page_number(d, (int64_t)(bytes ? sums[i].bytes
						       : sums[i].blocks));
	page_list_end(d);
}

static void write_frame(struct page_data *d, const struct instant *at,
			const struct instant_sum *sums)
{
	page_element(d);
	page_member(d, "t");
	fprintf(d->out, "%" PRIu64, at->time_ns);
	page_member(d, "kind");
	fprintf(d->out, "%d", at->kind);
	page_list(d, "stack");
	for (size_t i = 0; i <= d->m->stack_count; i++)
		if (sums[i].blocks)
			page_number(d, (int64_t)i);
	page_list_end(d);
	write_column(d, "bytes", sums, true);
	write_column(d, "blocks", sums, false);
	page_object_end(d);
}

/* Of too many rows in all some key frames are left out. */
static void write_frames(struct page_data *d)
{
	struct instant_sum *sums =
	    xcalloc(d->m->stack_count + 1, sizeof(*sums));
	size_t count, left_out = 0, each;
	struct instant *list = instants_list(d->m, &count);

	each = count * d->m->stack_count / PAGE_FRAME_ROWS + 1;
	page_list(d, "frames");
	for (size_t i = 0; i < count; i++) {
		if (list[i].kind == INSTANT_KEY && i % each) {
			left_out++;
			continue;
		}
		instants_sums(d->m, &list[i], sums);
		write_frame(d, &list[i], sums);
	}
	page_list_end(d);
	if (left_out)
		page_note(d, "The timeline has %zu of %zu key frames.",
			  count - left_out, count);
	free(list);
	free(sums);
}

static void write_marks(struct page_data *d)
{
	const struct rkn_mark *mark = d->m->marks;
	const size_t count = d->m->mark_count;

	page_object(d, "marks");
	PAGE_COLUMN(d, "name", count, i,
		    page_take(d, escape(model_name(d->m, mark[i].name))));
	PAGE_COLUMN(d, "t", count, i, mark[i].time_ns);
	PAGE_COLUMN(d, "bytes", count, i, mark[i].bytes);
	PAGE_COLUMN(d, "blocks", count, i, mark[i].blocks);
	page_object_end(d);
}

/* When the blocks of each finding on the page were made. */
static void write_findings(struct page_data *d)
{
	const struct findings *f = d->e->findings;
	const size_t count = d->m->block_count;
	uint32_t *of = xcalloc(count + 1, sizeof(*of));

	for (size_t i = 0; i < count; i++)
		of[i] = f->owner && f->owner[i] && f->owner[i] <= PAGE_FINDINGS
			    ? f->owner[i] - 1
			    : RKN_NONE;
	page_object(d, "findings");
	page_made(d, of, PAGE_FINDINGS, "The list of findings");
	page_object_end(d);
	free(of);
}

void page_timeline(struct page_data *d)
{
	const struct rkn_point *p = d->m->points;
	const size_t count = d->m->point_count;

	if (!instants_known(d->m))
		return;
	page_object(d, "timeline");
	PAGE_COLUMN(d, "t", count, i, p[i].time_ns);
	PAGE_COLUMN(d, "bytes", count, i, p[i].bytes);
	PAGE_COLUMN(d, "blocks", count, i, p[i].blocks);
	PAGE_COLUMN(d, "most", count, i, p[i].most);
	PAGE_COLUMN(d, "least", count, i, p[i].least);
	PAGE_COLUMN(d, "allocations", count, i, p[i].allocations);
	PAGE_COLUMN(d, "allocated_bytes", count, i, p[i].allocated_bytes);
	PAGE_COLUMN(d, "peak", count, i, !!(p[i].flags & RKN_POINT_PEAK));
	PAGE_COLUMN(d, "steps", d->step_count + 1, i, d->steps[i].time_ns);
	write_marks(d);
	write_frames(d);
	write_findings(d);
	page_object_end(d);
}
